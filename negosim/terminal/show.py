"""Showing what is stored: one dialogue again, or the list of a run's dialogues."""

from rich.console import Console
from rich.text import Text

from negosim._text import one_line, plural
from negosim.records import Dialogue
from negosim.scenarios import Scenario
from negosim.store import Run
from negosim.terminal.console import print_view
from negosim.terminal.lens import Lens
from negosim.terminal.listing import print_rows
from negosim.terminal.moves import replay, verdict
from negosim.terminal.outcome import outcome_view
from negosim.terminal.plain import ending_lines, header_lines, turn_lines
from negosim.terminal.summary import summary_lines, summary_view
from negosim.terminal.tally import Tally
from negosim.terminal.transcript import header, turn_view


def print_dialogue(console: Console, dialogue: Dialogue, scenario: Scenario, lens: Lens) -> None:
    """Print a stored dialogue: panels on a terminal, lines elsewhere."""
    played = (dialogue.condition, dialogue.opener, dialogue.models)
    head = (scenario, *played, lens, dialogue.id, dialogue.traits)
    if console.is_terminal:
        print_view(console, header(*head))
        for turn, before, after in replay(dialogue, scenario):
            print_view(console, turn_view(scenario, turn, before, after, lens))
        print_view(console, outcome_view(dialogue, scenario, lens))
        return
    lines = list(header_lines(*head))
    for turn, before, after in replay(dialogue, scenario):
        lines += turn_lines(scenario, turn, before, after, lens)
    lines += ending_lines(dialogue, scenario, lens)
    for line in lines:
        print(line, file=console.file)


def print_calls(console: Console, dialogue: Dialogue) -> None:
    """Print every model call of a dialogue: what for, how many tokens, how long, how much."""
    rows = [
        [
            "" if call.turn is None else str(call.turn + 1),
            "" if call.role is None else str(call.role + 1),
            call.stage,
            call.model,
            str(call.calls),
            f"{call.tokens_in:,}",
            f"{call.tokens_cached:,}",
            f"{call.tokens_out:,}",
            ", ".join(call.again),
            f"{call.seconds:.2f}",
            "cache" if call.cached_calls else "?" if call.usd is None else f"{call.usd:.6f}",
        ]
        for call in dialogue.calls
    ]
    if not rows:
        print("no model calls: the simulated negotiator makes none", file=console.file)
        return
    headings = ("turn", "agent", "stage", "model", "sent", "in", "cached", "out", "again", "seconds", "usd")
    numbers = ("turn", "agent", "sent", "in", "cached", "out", "seconds", "usd")
    print_rows(console, headings, rows, numbers=numbers)


def print_run(console: Console, run: Run) -> None:
    """Print a run's dialogues, a row each, and what they come to."""
    tally, rows = Tally(), []
    for number, dialogue in enumerate(run, 1):
        tally.add(dialogue)
        rows.append([str(number), dialogue.id, verdict(dialogue).lower(), str(len(dialogue.turns))])
    planned = run.header.planned
    missing = "" if len(rows) >= planned else f", {plural(planned - len(rows), 'more')} planned"
    stored = f"{run.path}: {plural(len(rows), 'dialogue')} stored{missing}"
    if console.is_terminal:
        console.print(Text(one_line(stored)))
        print_rows(console, ("#", "dialogue", "outcome", "utterances"), rows, numbers=("#", "utterances"))
        if rows:
            console.print()
            print_view(console, summary_view(tally))
        return
    print(one_line(stored), file=console.file)
    print_rows(console, ("#", "dialogue", "outcome", "utterances"), rows, numbers=("#", "utterances"))
    for line in summary_lines(tally) if rows else ():
        print(line, file=console.file)
