"""Dialogues as JSON lines, in a form of negosim's own for whatever has none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from negosim._files import first_error
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.importing._drops import Drops
from negosim.importing._rows import rows_of
from negosim.importing._scenario import slug
from negosim.importing._source import (
    ImportedDialogue,
    Importer,
    ImportOptions,
    Rating,
    Rows,
    Said,
    SourceFile,
)
from negosim.importing._talk import AboutTalk, TalkLine, Talks, outcome_in
from negosim.records import (
    HUMAN,
    PERSON,
    THIRD_PARTY,
    Action,
    Condition,
    Fact,
    JudgedValue,
    agent_perspective,
)
from negosim.scenarios import Issue, Scenario, load_scenario

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


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has dialogues in this form."""
    return any(
        isinstance(turns := row.get("turns"), list)
        and bool(turns)
        and isinstance(turns[0], Mapping)
        and {"speaker", "text"} & turns[0].keys() == {"speaker", "text"}
        for row in rows
    )


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the dialogues of the files.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row; names the field.

    """
    named = cache(load_scenario)
    for file in files:
        talks = Talks(file.label, options, drops)
        for row in rows_of(file.path, file.name):
            if row.problem:
                drops.add(row.problem, row.where)
                continue
            try:
                given = ForeignDialogue.model_validate_json(_json(row.content))
                found = _found(given, row.where, talks, named)
            except ValidationError as error:
                drops.add(first_error(error), row.where)
                continue
            except (ValueError, UserError) as error:
                drops.add(str(error), row.where)
                continue
            if found is not None:
                yield found


def _json(content: Any) -> bytes:
    import orjson

    return orjson.dumps(content)


def _found(
    given: ForeignDialogue, where: str, talks: Talks, named: Callable[[str], Scenario]
) -> ImportedDialogue | None:
    names = [role.name for role in given.roles]
    if names:
        unknown = next((turn.speaker for turn in given.turns if turn.speaker not in names), None)
        if unknown is not None:
            raise ValueError(f"turns.speaker: {unknown!r} is none of roles: {', '.join(names)}")
    else:
        names = list(dict.fromkeys(turn.speaker for turn in given.turns))
    ratings = tuple(_rating(rating, names, len(given.turns)) for rating in given.ratings)
    if given.scenario is not None:
        scenario = named(given.scenario) if isinstance(given.scenario, str) else given.scenario
        return _in_scenario(given, scenario, where, names, ratings)
    played = {role.name: role.participant for role in given.roles}
    lines = [
        TalkLine(turn.speaker, turn.text, turn.labels, turn.action, turn.offer, played.get(turn.speaker))
        for turn in given.turns
    ]
    if given.roles:
        talks.seat(names)
    about = AboutTalk(
        title=given.title,
        context=given.context,
        briefs={role.name: role.brief for role in given.roles},
        positions={role.name: role.position for role in given.roles},
        issues=given.issues,
        outcome=given.outcome,
        deal=given.deal,
        rewards=given.rewards,
        condition=_condition(given),
        ratings=ratings,
        facts=given.facts,
        split=given.split,
    )
    return talks.dialogue(str(given.id), where, lines, about)


def _in_scenario(
    given: ForeignDialogue, scenario: Scenario, where: str, names: Sequence[str], ratings: tuple[Rating, ...]
) -> ImportedDialogue:
    """Return a dialogue about a whole scenario; speakers are its roles, by id, name or order."""
    by_name = {role.id: index for index, role in enumerate(scenario.roles)}
    by_name |= {role.name: index for index, role in enumerate(scenario.roles)}
    if not set(names) <= by_name.keys():
        if len(names) != len(scenario.roles):
            raise ValueError(f"roles: {', '.join(names)}; scenario {scenario.id!r} has {len(scenario.roles)}")
        by_name = {name: index for index, name in enumerate(names)}
    played = {by_name[role.name]: role.participant for role in given.roles if role.name in by_name}
    turns = [
        Said(
            by_name[turn.speaker],
            turn.text.strip() or f"({turn.action or 'offer'})",
            turn.action or ("offer" if turn.offer else "talk"),
            turn.offer or None,
            turn.labels,
            wordless=not turn.text.strip(),
        )
        for turn in given.turns
    ]
    outcome = None
    if given.outcome is not None and not scenario.has_deals:
        outcome = outcome_in(given.outcome, scenario.issues, given.deal, given.rewards)
    return ImportedDialogue(
        id=str(given.id),
        where=where,
        scenario=scenario,
        frame=None,
        turns=turns,
        participants=tuple(played.get(role, HUMAN) for role in range(len(scenario.roles))),
        condition=_condition(given),
        outcome=outcome,
        ratings=ratings,
        facts=given.facts,
        split=given.split,
    )


def _condition(given: ForeignDialogue) -> Condition:
    return given.condition if isinstance(given.condition, Condition) else Condition(known=False)


def _rating(rating: ForeignRating, names: Sequence[str], turns: int) -> Rating:
    if rating.turn is not None and rating.turn > turns:
        raise ValueError(f"ratings.turn: {rating.turn}, but there are {turns} turns")
    by = _position(rating.by_speaker, names, "ratings.by_speaker")
    about = _position(rating.about, names, "ratings.about")
    if about is None and rating.turn is None:
        about = by
    return Rating(
        slug(rating.question),
        rating.value,
        rating.rater if rating.program else f"{PERSON}{slug(rating.rater)}",
        THIRD_PARTY if by is None else agent_perspective(by),
        about,
        None if rating.turn is None else rating.turn - 1,
    )


def _position(given: Named | None, names: Sequence[str], field: str) -> int | None:
    if given is None:
        return None
    if isinstance(given, int) and 1 <= given <= len(names):
        return given - 1
    if given in names:
        return names.index(str(given))
    raise ValueError(f"{field}: {given!r} is none of {', '.join(names)}, and no number of one from 1")


def import_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line that is read."""
    return ForeignDialogue.model_json_schema(mode="validation")


IMPORTER = Importer(
    title="Dialogues as JSON lines",
    note="negosim schema --imports prints the JSON Schema of a line.",
    recognises=recognises,
    read=read,
)
