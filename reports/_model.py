"""The parts of a report: numbers that know where they come from, tables, figures, sections."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

RUN, DIALOGUES, JUDGEMENTS = "run.json", "dialogues.jsonl", "judgements.jsonl"
"""The stored files a number can come from."""


@dataclass(frozen=True)
class Rows:
    """The stored rows a number was computed from."""

    source: str
    """The file they are stored in."""
    where: Mapping[str, Any] = field(default_factory=dict)
    """What was selected: column -> value, or a list of values any of which was taken."""
    dialogues: tuple[str, ...] = ()
    """Ids of the dialogues they belong to, with the run's name before them where there are several runs."""
    table: str = ""
    """What a row is: a row of this table of `negosim.measures`, as "dialogues" of `dialogue_rows`."""


@dataclass(frozen=True)
class Number:
    """One number of a report: as it is printed, as it was computed, and what it was computed from."""

    shown: str
    value: float | None
    n: int
    rows: Rows
    low: float | None = None
    high: float | None = None
    note: str | None = None
    """Why there is no interval, where there should be one."""
    how: Mapping[str, Any] = field(default_factory=dict)
    """How the value was computed from the rows: the statistic, the column, and what else it needs."""
    scope: str | None = None
    """What the interval is about: more dialogues of "these" scenarios, or "any" scenarios like them."""

    def __str__(self) -> str:
        return self.shown


@dataclass(frozen=True)
class Name:
    """What something is called: short enough to read where people look, in full in files of data."""

    shown: str
    """Different for everything that differs in one report."""
    full: str

    def __str__(self) -> str:
        return self.shown

    @classmethod
    def joined(cls, *parts: "str | Name", between: str = ", ") -> "Name":
        """Return a name made of words and names."""
        return cls(between.join(map(str, parts)), between.join(map(full, parts)))


Cell = str | Name | Number
Heading = str | Name
Row = tuple[Cell, ...]
"""One line of a table."""
Prose = tuple[Cell, ...]
"""A paragraph: words and numbers."""


def text(prose: Prose) -> str:
    """Return a paragraph as it is printed."""
    return "".join(map(str, prose))


def full(cell: Cell) -> str:
    """Return a cell as it is written where nothing is shortened."""
    return cell.full if isinstance(cell, Name) else str(cell)


@dataclass(frozen=True)
class ReportTable:
    """Rows under headings. In every row each number says where it comes from."""

    key: str
    """Names its files, and the table in the trace."""
    title: str
    columns: tuple[Heading, ...]
    rows: tuple[Row, ...]
    words: int = 1
    """How many columns, from the left, are words; the others are numbers."""
    bars: str | None = None
    """The column that the terminal shows as bars too."""
    caption: Prose = ()
    about: tuple[tuple[str, str], ...] = ()
    """What every row is about and no column says, as ("judge", its full name): in files of data, columns."""

    @property
    def footnote(self) -> str:
        """What is to be said about the intervals."""
        known = [number for _, _, number in self.numbers() if number.value is not None]
        bracketed = any("[" in number.shown for number in known)
        wanting = any(number.note and "[" not in number.shown for number in known)
        if not bracketed:
            return " There is not enough data for intervals." if wanting else ""
        scopes = {number.scope for number in known if "[" in number.shown}
        said = " Brackets are 95 % intervals" + (" for these scenarios" if scopes == {"these"} else "")
        return f"{said}; without: not enough data for one." if wanting else f"{said}."

    def numbers(self) -> Iterator[tuple[str, str, Number]]:
        """Yield every number with the words of its row and the heading of its column, in full."""
        for row in self.rows:
            label = " / ".join(full(cell) for cell in row[: self.words] if str(cell))
            for column, cell in zip(self.columns, row, strict=True):
                if isinstance(cell, Number):
                    yield label, full(column), cell


@dataclass(frozen=True)
class Figure:
    """A picture and the numbers it shows."""

    key: str
    title: str
    draw: Callable[["Canvas"], None]
    """Draws into an empty matplotlib figure of the report's width and the given height."""
    height: float
    """Inches."""
    data: ReportTable
    """Every number in the picture."""
    caption: Prose
    words: tuple[str, ...] = ()
    """What the picture says that neither data nor caption say."""


@dataclass(frozen=True)
class Missing:
    """What a section could not show, and what would make it."""

    what: str
    command: str | None = None


Block = Prose | ReportTable | Figure | Missing


@dataclass(frozen=True)
class Section:
    """One part of a report, in the order it is read."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    brief: ReportTable | None = None
    """The table the terminal shows."""
    more: tuple[ReportTable, ...] = ()
    """Tables it shows below, for what must not stand in the same one."""

    @property
    def tables(self) -> list[ReportTable]:
        """The tables that are printed."""
        return [block for block in self.blocks if isinstance(block, ReportTable)]

    @property
    def figures(self) -> list[Figure]:
        """The figures."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    @property
    def paragraphs(self) -> list[Prose]:
        """The paragraphs between them."""
        return [block for block in self.blocks if isinstance(block, tuple)]

    @property
    def missing(self) -> list[Missing]:
        """What could not be shown."""
        return [block for block in self.blocks if isinstance(block, Missing)]


@dataclass(frozen=True)
class Report:
    """A whole report, before it is given a form."""

    title: str
    subtitle: str
    created: str
    """When the (latest) run was made, ISO 8601: a report of the same rows has the same date."""
    footer: str
    facts: ReportTable
    """What was run."""
    notices: tuple[Prose, ...]
    """What a reader must know before any number."""
    sections: tuple[Section, ...]
