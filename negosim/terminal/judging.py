"""Display of judges: their questions, the progress, and what their sheets came to.

Apart from the rest of this package because it needs the judges.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from negosim._text import money, one_line, plural, tokens
from negosim.judging import ORACLE, DialogueJudged, JudgingEvent, JudgingStarted, SheetFinished
from negosim.records import Sheet, Status
from negosim.store import Run
from negosim.terminal.colours import colour
from negosim.terminal.console import interactive
from negosim.terminal.listing import print_rows
from negosim.terminal.questions import questions_view

__all__ = ["JudgingTally", "JudgingWatch", "questions_view"]

STATUSES: tuple[Status, ...] = get_args(Status)
NUMBERS = (
    "sheets",
    *(status.replace("_", " ") for status in STATUSES),
    "calls",
    "in",
    "cached",
    "out",
    "cost",
)


@dataclass
class SheetCount:
    """What some sheets came to."""

    sheets: int = 0
    judgements: Counter[Status] = field(default_factory=Counter)
    """By status."""
    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    usd: float | None = 0.0
    """None once a call had no known price."""

    def add(self, sheet: Sheet) -> None:
        """Count one sheet."""
        self.sheets += 1
        self.judgements.update(judgement.status for judgement in sheet.judgements)
        self.calls += sheet.calls
        self.tokens_in += sheet.tokens_in
        self.tokens_cached += sheet.tokens_cached
        self.tokens_out += sheet.tokens_out
        self.usd = None if self.usd is None or sheet.usd is None else self.usd + sheet.usd


@dataclass
class JudgingTally:
    """What a judging has done so far."""

    total: SheetCount = field(default_factory=SheetCount)
    cells: dict[tuple[str, str], SheetCount] = field(default_factory=dict)
    """By judge and question set."""
    done: int = 0
    """Dialogues about which nothing is left to ask."""
    failed: int = 0
    """Failed dialogues: they are not judged."""
    known: int = 0
    """Sheets that were there already."""

    def add(self, event: JudgingEvent) -> None:
        """Count an event."""
        if isinstance(event, SheetFinished):
            sheet = event.sheet
            self.total.add(sheet)
            self.cells.setdefault((sheet.judge, sheet.questions), SheetCount()).add(sheet)
        elif isinstance(event, DialogueJudged):
            self.done += 1
            self.failed += event.skipped == "failed"
            self.known += event.known


class JudgingWatch:
    """A watcher of `judge` that shows progress as the terminal allows, and the sums at the end."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar: Progress | None = None
        self._lines = False
        self._stored = 0
        self._latest: dict[str, SheetCount] = {}
        self.run: Run | None = None
        self.tally = JudgingTally()

    def __call__(self, event: JudgingEvent) -> None:
        """Show an event."""
        self.tally.add(event)
        if isinstance(event, JudgingStarted):
            self._begin(event)
        elif isinstance(event, SheetFinished) and self._lines:
            self._latest.setdefault(event.sheet.dialogue, SheetCount()).add(event.sheet)
        elif isinstance(event, DialogueJudged):
            if self._bar is not None:
                self._bar.update(
                    self._bar.task_ids[0], completed=self.tally.done, so_far=progress_line(self.tally.total)
                )
            if event.dialogue in self._latest:
                sheets = dialogue_line(self._latest.pop(event.dialogue))
                self._write(f"[{self.tally.done}/{self._stored}] {one_line(event.dialogue)}: {sheets}")

    def _begin(self, event: JudgingStarted) -> None:
        self.run, self._stored = event.run, event.stored
        if interactive(self._console):
            self._bar = Progress(
                BarColumn(complete_style=colour(0), finished_style=colour(0)),
                MofNCompleteColumn(),
                TimeRemainingColumn(elapsed_when_finished=True),
                TextColumn("{task.fields[so_far]}"),
                console=self._console,
            )
            self._bar.add_task("", total=event.stored, so_far="")
            self._bar.start()
        else:
            # The oracle is done before a line could be read.
            self._lines = event.judges != (ORACLE,)

    def close(self) -> None:
        """Leave the terminal as it was. To be called whatever happened; a second call does nothing."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def summary(self) -> None:
        """Write a row for each judge and question set, and what was left out."""
        tally = self.tally
        if tally.total.sheets:
            rows = [[judge, questions, *_numbers(count)] for (judge, questions), count in tally.cells.items()]
            if len(rows) > 1:
                rows.append(["all", "", *_numbers(tally.total)])
            _print_table(self._console, rows)
        if tally.known:
            self._write(f"{plural(tally.known, 'sheet')} had been filled in before")
        if tally.failed:
            many = plural(tally.failed, "dialogue that failed was", "dialogues that failed were")
            self._write(f"{many} not judged")

    def _write(self, line: str) -> None:
        print(line, file=self._console.file, flush=True)


def progress_line(count: SheetCount) -> str:
    """Say what the sheets so far came to."""
    parts = [plural(count.sheets, "sheet")]
    if count.calls:
        parts += [f"{tokens(count.tokens_in + count.tokens_out)} tokens", money(count.usd)]
    return " · ".join(parts)


def dialogue_line(count: SheetCount) -> str:
    """Say what the sheets of one dialogue came to."""
    statuses = [
        f"{count.judgements[status]:,} {status.replace('_', ' ')}"
        for status in STATUSES
        if count.judgements[status]
    ]
    return f"{plural(count.sheets, 'sheet')}, answers: {', '.join(statuses)}"


def _numbers(count: SheetCount) -> list[str]:
    return [
        f"{count.sheets:,}",
        *(f"{count.judgements[status]:,}" for status in STATUSES),
        f"{count.calls:,}",
        tokens(count.tokens_in),
        tokens(count.tokens_cached),
        tokens(count.tokens_out),
        "unknown" if count.usd is None else money(count.usd),
    ]


def _print_table(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """Print rows without the columns that would be empty in all of them."""
    headings = ("judge", "questions", *NUMBERS)
    optional = set(headings) - {"judge", "questions", "sheets", "ok"}
    kept = [
        number
        for number, heading in enumerate(headings)
        if heading not in optional or any(row[number] not in ("0", "$0.00") for row in rows)
    ]
    print_rows(
        console,
        [headings[number] for number in kept],
        [[row[number] for number in kept] for row in rows],
        whole=("questions",),
        numbers=NUMBERS,
    )
