"""Terminal output: dialogues in panels or lines, progress, summaries, scenarios and listings.

Everything printed here may come from a model or a plugin: it is shown as plain text, never read as
markup, and without control characters. Without a terminal, output is plain lines.

`negosim.terminal.watch` shows a run while it is made; it is apart because it needs the engine.
"""

from negosim.terminal.console import console_for, interactive, print_view
from negosim.terminal.lens import Lens, condition_line, lens_of, traits_of
from negosim.terminal.listing import print_rows
from negosim.terminal.moves import (
    ENDS,
    VERDICTS,
    Move,
    ending,
    given_floor,
    heard_asides,
    move_of,
    replay,
    verdict,
)
from negosim.terminal.outcome import MOMENTS, outcome_lines
from negosim.terminal.scenario import scenario_view
from negosim.terminal.show import print_calls, print_dialogue, print_run
from negosim.terminal.tally import Tally
from negosim.terminal.taxonomy import taxonomy_view

__all__ = [
    "ENDS",
    "MOMENTS",
    "VERDICTS",
    "Lens",
    "Move",
    "Tally",
    "condition_line",
    "console_for",
    "ending",
    "given_floor",
    "heard_asides",
    "interactive",
    "lens_of",
    "move_of",
    "outcome_lines",
    "print_calls",
    "print_dialogue",
    "print_rows",
    "print_run",
    "print_view",
    "replay",
    "scenario_view",
    "taxonomy_view",
    "traits_of",
    "verdict",
]
