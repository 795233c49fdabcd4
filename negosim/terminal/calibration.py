"""Tables of how good judges are: against the truth, and against each other.

Apart from the rest of this package because it needs the judges.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, get_args

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from negosim._text import one_line
from negosim.judging import Assessment
from negosim.records import THIRD_PARTY, Status
from negosim.terminal.console import print_view
from negosim.terminal.listing import aligned

if TYPE_CHECKING:
    from negosim.measures import (
        Calibration,
        ErrorCorrelation,
        Estimate,
        OrderEffect,
        PositionBias,
        Reliability,
    )

MOST_ERRORS = 5
"""Kinds of wrong choices listed for a question, the most frequent first."""
MOST_LABELS = 10
"""More grades than this are not set out in a table."""
INTERVALS = "with 95 % intervals"
STATUSES: tuple[Status, ...] = get_args(Status)

WORDS = ("question", "from", "judge", "with", "among", "truth", "answered instead", "measure")
"""Headings of columns that are not numbers."""

Cell: TypeAlias = "str | int | Estimate"
Row: TypeAlias = Sequence[Cell]


class Tables:
    """Tables under headings: drawn on a terminal, lines in a pipe."""

    def __init__(self, console: Console) -> None:
        """Take where they are printed."""
        self._console = console

    def heading(self, title: str, about: str = "") -> None:
        """Print what a table shows."""
        if self._console.is_terminal:
            print_view(
                self._console, Text.assemble("\n", (title, "bold"), (f"\n{about}" if about else "", "dim"))
            )
        else:
            self._line("")
            self._line(f"{title} ({about})" if about else title)

    def _line(self, text: str) -> None:
        print(text, file=self._console.file)

    def rows(self, headings: Sequence[str], rows: Iterable[Row]) -> None:
        """Print rows; an estimate has its interval with it, on a terminal under it."""
        if not self._console.is_terminal:
            cells = [[_line_of(cell) for cell in row] for row in rows]
            numbers = [heading for heading in headings if heading not in WORDS]
            for line in aligned(headings, cells, numbers):
                self._line(line)
            return
        table = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
        for heading in headings:
            if heading in WORDS:
                table.add_column(heading, overflow="fold")
            else:
                table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(
                *(_cell_of(cell, id_=name == "question") for name, cell in zip(headings, row, strict=True))
            )
        print_view(self._console, table)


def _line_of(cell: Cell) -> str:
    if isinstance(cell, str | int):
        return one_line(cell) if isinstance(cell, str) else f"{cell:,}"
    if cell.value is None:
        return "-"
    if cell.low is None or cell.high is None:
        return _number(cell.value)
    return f"{_number(cell.value)} [{_number(cell.low)}, {_number(cell.high)}]"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}"  # no "-0.00"


def _cell_of(cell: Cell, *, id_: bool) -> Text:
    if isinstance(cell, str | int) or cell.value is None:
        text = _line_of(cell)
        return Text(text.replace("-", " ") if id_ else text)  # so that long ids are broken well
    if cell.low is None or cell.high is None:
        return Text(_number(cell.value))
    ends = " ".join(_number(end).replace("0.", ".", 1) for end in (cell.low, cell.high))
    return Text.assemble(_number(cell.value), (f"\n{ends}", "dim"))


def print_assessment(console: Console, found: Assessment) -> None:
    """Print everything there is to say about judges: figures with their 95 % intervals."""
    tables = Tables(console)
    ordered = sorted(found.calibrations, key=lambda each: (each.judge, *_place(each)))
    for judge, group in groupby(ordered, key=lambda each: each.judge):
        _calibrations(one_line(judge), list(group), tables)
    _agreement(found, tables)
    figures = [each.accuracy for each in ordered] + [each.alpha for each in found.reliabilities]
    notes = {figure.note for figure in figures if figure.note and figure.value is not None}
    if notes:
        few = "not enough data: "
        reasons = "; ".join(sorted(note.removeprefix(few) for note in notes))
        tables.heading(f"where there is no interval: {few}{reasons}")


def _place(
    each: "Calibration | Reliability | ErrorCorrelation | OrderEffect | PositionBias",
) -> tuple[bool, str, str]:
    """Sort the neutral reader's answers before those of agents."""
    return each.perspective != THIRD_PARTY, each.perspective, each.question


def _from(perspective: str) -> str:
    return perspective.replace("_", " ")


def _calibrations(judge: str, group: "Sequence[Calibration]", tables: Tables) -> None:
    """Print what one judge says against the truth."""
    names = [each for each in group if each.kind in ("yes_no", "choice")]
    grades = [each for each in group if each.kind not in ("yes_no", "choice")]
    if names:
        tables.heading(f"{judge} against the truth: yes, no and choices", INTERVALS)
        tables.rows(
            ("question", "from", "n", "answered", "accuracy", "precision", "recall", "kappa"),
            [(*_begin(each), each.accuracy, each.precision, each.recall, each.kappa) for each in names],
        )
    if grades:
        tables.heading(f"{judge} against the truth: grades and numbers", INTERVALS)
        tables.rows(
            ("question", "from", "n", "answered", "accuracy", "weighted kappa", "Spearman"),
            [(*_begin(each), each.accuracy, each.kappa, each.spearman) for each in grades],
        )
    _statuses(judge, group, tables)
    _confusion(judge, group, tables)


def _begin(each: "Calibration") -> tuple[str, str, int, str]:
    share = each.coverage.value
    return each.question, _from(each.perspective), each.n, "-" if share is None else f"{share:.0%}"


def _statuses(judge: str, group: "Sequence[Calibration]", tables: Tables) -> None:
    """Print how often there was no answer, and why."""
    counts: dict[str, Counter[str]] = {}
    for each in group:
        counts.setdefault(_from(each.perspective), Counter()).update(each.statuses)
    seen = [status for status in STATUSES if any(count[status] for count in counts.values())]
    tables.heading(f"{judge}: what became of the questions whose answer is known")
    headings = ("from", *(status.replace("_", " ") for status in seen))
    tables.rows(headings, [(place, *(count[status] for status in seen)) for place, count in counts.items()])


def _confusion(judge: str, group: "Sequence[Calibration]", tables: Tables) -> None:
    """Print what was answered in place of what is true."""
    binary = [each for each in group if each.kind == "yes_no" and each.n]
    if binary:
        tables.heading(f"{judge}: answers of yes and no", "truth first, then the answer")
        headings = ("question", "from", "yes: yes", "yes: no", "no: yes", "no: no")
        rows: list[Row] = []
        for each in binary:
            cells = [_count(each, truth, answer) for truth in (True, False) for answer in (True, False)]
            rows.append((each.question, _from(each.perspective), *cells))
        tables.rows(headings, rows)
    for each in group:
        if each.kind == "degree" and each.n and len(each.confusion) <= MOST_LABELS:
            grades = [f"{label:g}" for label in each.confusion.columns]
            place = _from(each.perspective)
            tables.heading(f"{judge}: {each.question}, {place}", "rows: the truth; columns: the answer")
            matrix = zip(grades, each.confusion.to_numpy().tolist(), strict=True)
            tables.rows(("truth", *grades), [(grade, *counts) for grade, counts in matrix])
    errors = [row for each in group if each.kind == "choice" for row in _errors(each)]
    if errors:
        tables.heading(f"{judge}: the most frequent wrong choices")
        tables.rows(("question", "from", "truth", "answered instead", "times"), errors)


def _count(each: "Calibration", truth: bool, answer: bool) -> int:
    labels = list(each.confusion.index)
    if truth not in labels or answer not in labels:
        return 0
    return int(each.confusion.to_numpy()[labels.index(truth), labels.index(answer)])


def _errors(each: "Calibration") -> list[Row]:
    wrong = [
        (str(truth), str(answer), int(count))
        for truth, row in each.confusion.iterrows()
        for answer, count in row.items()
        if count and truth != answer
    ]
    most = sorted(wrong, key=lambda cell: (-cell[2], cell))[:MOST_ERRORS]
    return [(each.question, _from(each.perspective), *cell) for cell in most]


def _agreement(found: Assessment, tables: Tables) -> None:
    """Print how judges agree with each other and with themselves, and whether they err together."""
    if found.reliabilities:
        tables.heading("Krippendorff's alpha: 1 is full agreement, 0 is what chance would give", INTERVALS)
        rows: list[Row] = [
            (
                each.question,
                _from(each.perspective),
                each.among if each.judge is None else f"{each.among} of {each.judge}",
                each.coders,
                each.units,
                each.alpha,
            )
            for each in sorted(found.reliabilities, key=lambda each: (each.among, *_place(each)))
        ]
        tables.rows(("question", "from", "among", "coders", "items", "alpha"), rows)
    if found.errors:
        tables.heading("errors of two judges: correlation, 1 where they make the same", INTERVALS)
        tables.rows(
            ("question", "from", "judge", "with", "correlation"),
            [
                (each.question, _from(each.perspective), each.judge_a, each.judge_b, each.correlation)
                for each in sorted(found.errors, key=_place)
            ],
        )
    if found.orders:
        tables.heading(
            "order: share of answers that change in another order, and by chance in the same", INTERVALS
        )
        tables.rows(
            ("judge", "question", "from", "n", "changed", "same order"),
            [
                (each.judge, each.question, _from(each.perspective), each.changed.n, each.changed, each.floor)
                for each in sorted(found.orders, key=_by_judge)
            ],
        )
    if found.positions:
        tables.heading(
            "position: share of answers that stood first; an excess above 0 prefers the first", INTERVALS
        )
        tables.rows(
            ("judge", "question", "from", "n", "first", "expected", "excess"),
            [
                (
                    *(each.judge, each.question, _from(each.perspective), each.first.n, each.first),
                    *(_number(each.expected), each.excess),
                )
                for each in sorted(found.positions, key=_by_judge)
            ],
        )


def _by_judge(each: "OrderEffect | PositionBias") -> tuple[str, tuple[bool, str, str]]:
    return each.judge, _place(each)
