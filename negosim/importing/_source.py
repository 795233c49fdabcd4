"""Protocol of importers: what reads files of one kind, and the dialogues that it finds in them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._published import Split, agreed, split_in_row, split_of_name
from negosim.importing._row import Row
from negosim.records import (
    PERSON,
    THIRD_PARTY,
    Action,
    Condition,
    End,
    Fact,
    JudgedValue,
    Measurement,
    Outcome,
)
from negosim.scenarios import Scenario, Value

UNKNOWN_CONDITION = Condition(known=False)

PARTICIPANTS, ANNOTATORS = f"{PERSON}participants", f"{PERSON}annotators"
"""Judges: those who took part and said afterwards how it was, and readers who labelled what others said."""


@dataclass(frozen=True)
class SourceFile:
    """A file of a source."""

    path: Path
    name: str
    """Where it lies within the source, for messages."""
    label: str
    """What ids of its rows begin with: unlike that of every other file of the source."""
    split: Split | None = None
    """The published one, as the names of file and folders say it."""
    published: bool = True
    """Whether the published split is asked for."""

    def split_of(self, row: Row) -> Split | None:
        """Return the published split of a row.

        Raises:
            BadRowError: a field for splits holds something else.
            UserError: the row and the name of the file contradict each other.

        """
        if not self.published:
            return None
        of_row = split_in_row(row.content)
        if of_row is None and row.split is not None and (split := split_of_name(row.split)) is not None:
            of_row = "its list", split
        return agreed(row.where, self.split, of_row)


@dataclass(frozen=True)
class Said:
    """One utterance of an imported dialogue."""

    role: int
    """Position of the speaker in the scenario's roles."""
    text: str
    action: Action = "talk"
    offer: Mapping[str, Value] | None = None
    """With `action` "offer": values by issue of the scenario."""
    labels: tuple[str, ...] = ()
    """What people say the utterance does, as they wrote it."""
    wordless: bool = False
    """Whether nothing was said and the text only names the move."""


@dataclass(frozen=True)
class Rating:
    """What somebody says of a dialogue, of one of its sides, or of an utterance."""

    question: str
    value: JudgedValue | None
    """None where the question did not apply."""
    judge: str = ANNOTATORS
    """Who says so: "person:NAME" for people."""
    perspective: str = THIRD_PARTY
    agent: int | None = None
    turn: int | None = None


@dataclass(frozen=True)
class ImportedDialogue:
    """One dialogue as an importer found it."""

    id: str
    """Unique within the source, as far as the source goes."""
    where: str
    """File and row, for messages."""
    scenario: Scenario
    """What it was about, for this dialogue; its id is that of all dialogues that are reported together."""
    turns: Sequence[Said]
    frame: Scenario | None = None
    """What all dialogues of the scenario's id have in common, where they differ; None: its roles alone."""
    participants: tuple[str, ...] = ()
    """What played each role: "human", or a model's name; () is people alone."""
    condition: Condition = UNKNOWN_CONDITION
    outcome: Outcome | None = None
    """Where the scenario's payoffs do not give it."""
    values: tuple[float, ...] | None = None
    """What the source says the outcome was worth to each role."""
    measurements: tuple[Measurement, ...] = ()
    """What participants answered to the scenario's measures."""
    ratings: tuple[Rating, ...] = ()
    no_reward: tuple[str, str] | None = None
    """Why there is no reward, where more is known: the reason, and where it stands."""
    end: End = "ended"
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """What else the source says of it, by name."""
    split: Split | None = None
    """The published one, if the source is split."""


@dataclass(frozen=True)
class ImportOptions:
    """What the user says about a source."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns of a table by what is in them: {"dialogue": "conv_id", "text": "message"}."""
    title: str | None = None
    """What the conversations are about, for readers and judges, where the source does not say."""
    context: str | None = None
    """What everybody in them knew, likewise."""


NO_OPTIONS = ImportOptions()


def _none_beside(file: Path) -> bool:
    return False


Rows = Sequence[Mapping[str, Any]]
"""The first rows of a file, where it is of a kind that has rows."""


@dataclass(frozen=True)
class Importer:
    """What reads files of one kind; a plugin, by entry point `negosim.importers` or the decorator.

    Examples:
        >>> from negosim.importing import ImportedDialogue, Importer, Said, conversation
        >>> def read(files, options, drops):
        ...     for file in files:
        ...         said = [Said(n % 2, line) for n, line in enumerate(file.path.read_text().splitlines())]
        ...         yield ImportedDialogue(file.label, file.name, conversation("talks", ("A", "B")), said)
        >>> lines = Importer(
        ...     title="Talks, a line an utterance",
        ...     recognises=lambda file, rows: file.suffix == ".talk",
        ...     read=read,
        ... )

    """

    title: str
    """What the data set or the form is called."""
    recognises: Callable[[Path, Rows], bool]
    """Tells from a file and its first rows whether it is of this kind."""
    read: Callable[[Sequence[SourceFile], ImportOptions, Drops], Iterator[ImportedDialogue]]
    """Yields the dialogues of the files, counting what it leaves out."""
    licence: str = ""
    """Of the texts; "" where each source has its own."""
    citation: str | None = None
    reward: str = ""
    """What a dialogue is worth to a role, in words with the unit; "" where there is nothing of the kind."""
    note: str = ""
    """How the form is read."""
    beside: Callable[[Path], bool] = _none_beside
    """Tells which files belong to the source although no dialogue begins in them."""
    gather: Callable[[Path, Sequence[Path]], Sequence[Path]] | None = None
    """Of one file named alone, the files of its folder that belong to it."""
    labelled_by: str = ANNOTATORS
    """The judge whose labels they are: people, unless a program gave them."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What labels mean, by label, where the source's are known."""
    ratings: Mapping[str, tuple[str, Mapping[int, str]]] = field(default_factory=dict)
    """The words of questions that people answered, and what their grades mean, by question."""
