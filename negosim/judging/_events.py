"""Events of a judging, for whoever watches."""

from dataclasses import dataclass
from typing import Literal

from negosim.records import Sheet
from negosim.store import Run


@dataclass(frozen=True)
class JudgingStarted:
    """Everything named was found, the models answer, and the run is open for judgements."""

    run: Run
    judges: tuple[str, ...]
    stored: int
    """Dialogues in the run, failed ones included."""


@dataclass(frozen=True)
class SheetFinished:
    """A sheet was filled in and stored."""

    sheet: Sheet


@dataclass(frozen=True)
class DialogueJudged:
    """Nothing about a dialogue is left to ask."""

    dialogue: str
    skipped: Literal["failed", "not in the sample"] | None = None
    """Why it is not judged at all."""
    known: int = 0
    """Sheets about it that were there already."""


JudgingEvent = JudgingStarted | SheetFinished | DialogueJudged
