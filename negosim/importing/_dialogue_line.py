"""Form of a line of `negosim import`'s own JSON lines: a dialogue, its roles, turns and ratings."""

from typing import Annotated, Literal

from pydantic import Field

from negosim._frozen import Frozen
from negosim.records import HUMAN, Action, Condition, Fact, JudgedValue
from negosim.scenarios import Issue, Scenario

Named = str | int
"""A speaker: the name, or the position from 1."""


class ForeignTurn(Frozen):
    """One utterance."""

    speaker: Annotated[str, Field(min_length=1)]
    """Name of who speaks, as in `roles` where these are given."""
    text: str = ""
    """What is said; may be empty where the turn only makes a move."""
    action: Action | None = None
    """What it does; without it an offer where there is one, else only words."""
    offer: dict[str, str | int | float] = Field(default_factory=dict)
    """What is offered: a value by issue."""
    labels: tuple[str, ...] = ()
    """What people say it does."""


class ForeignRole(Frozen):
    """One who takes part."""

    name: Annotated[str, Field(min_length=1)]
    """As turns name who speaks."""
    participant: str = HUMAN
    """What plays the role: "human", or the name of a model."""
    position: str = ""
    """Who that is, publicly."""
    brief: str = ""
    """What was told in private."""


class ForeignRating(Frozen):
    """What somebody says of the dialogue."""

    question: Annotated[str, Field(min_length=1)]
    """What is rated: "coherence"."""
    value: JudgedValue | None
    """A grade, a number, yes or no, or words; null where it did not apply."""
    rater: str = "annotators"
    """Who rates; a person, unless `program` is true."""
    program: bool = False
    """Whether it is no person."""
    about: Named | None = None
    """The speaker it is about, if it is about one."""
    turn: Annotated[int, Field(ge=1)] | None = None
    """The turn it is about, from 1, if it is about one."""
    by_speaker: Named | None = None
    """The speaker who rates, where one of them does, afterwards."""


class ForeignDialogue(Frozen):
    """A line of a file that `negosim import` reads."""

    id: str | int
    """Unique in the file."""
    turns: Annotated[tuple[ForeignTurn, ...], Field(min_length=1)]
    """What was said, in order."""
    roles: tuple[ForeignRole, ...] = ()
    """Who takes part, in the order of agents; without it, who speaks, by first word."""
    scenario: Scenario | str | None = None
    """A scenario in full, as `run.json` has it, or the id of one that negosim knows; with it come payoffs."""
    title: str = ""
    """What it is about, for those without a scenario."""
    context: str = ""
    """What everybody knows, likewise."""
    issues: tuple[Issue, ...] | None = None
    """What is to be settled, likewise; without it, what the offers speak of."""
    outcome: Literal["agreement", "no_agreement", "unknown"] | None = None
    """What came of it, where a scenario's payoffs and the moves do not say so."""
    deal: dict[str, str | int | float] = Field(default_factory=dict)
    """What was settled: a value by issue."""
    rewards: tuple[float | None, ...] | None = None
    """What it was worth to each role, in the order of agents."""
    condition: Condition | Literal["unknown"] = "unknown"
    """"honest", "deceptive-2"; "unknown" where nobody has recorded who might lie."""
    ratings: tuple[ForeignRating, ...] = ()
    """What people say of it."""
    split: Literal["train", "validation", "test"] | None = None
    """The published split."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """What else is known, by name."""
