"""Dialogues as JSON lines, in a form of negosim's own for whatever has none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from negosim._files import first_error
from negosim.errors import UserError
from negosim.importing._dialogue_line import ForeignDialogue, ForeignRating, Named
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
from negosim.importing._talk import (
    WORDLESS,
    AboutTalk,
    TalkLine,
    Talks,
    outcome_in,
    says_or_does,
    seated_rewards,
)
from negosim.records import HUMAN, PERSON, THIRD_PARTY, Condition, agent_perspective
from negosim.scenarios import Scenario, load_scenario


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
                found = _found(_spoken(given, drops), row.where, talks, named)
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


def _spoken(given: ForeignDialogue, drops: Drops) -> ForeignDialogue:
    """Return a dialogue without the turns that neither say nor do anything, its ratings moved with the rest.

    Raises:
        ValueError: nothing is left, or a rating is of a turn that there is not.

    """
    wrong = next((one.turn for one in given.ratings if (one.turn or 1) > len(given.turns)), None)
    if wrong is not None:
        raise ValueError(f"ratings.turn: {wrong}, but there are {len(given.turns)} turns")
    kept = [
        place for place, turn in enumerate(given.turns, 1) if says_or_does(turn.text, turn.action, turn.offer)
    ]
    if len(kept) == len(given.turns):
        return given
    if not kept:
        raise ValueError("turns: nobody says anything")
    now = {before: place for place, before in enumerate(kept, 1)}
    ratings = [one for one in given.ratings if one.turn is None or one.turn in now]
    drops.altered[WORDLESS] += len(given.turns) - len(kept)
    if len(ratings) < len(given.ratings):
        drops.altered["ratings of utterances without text left out"] += len(given.ratings) - len(ratings)
    return given.model_copy(
        update={
            "turns": tuple(given.turns[place - 1] for place in kept),
            "ratings": tuple(
                one if one.turn is None else one.model_copy(update={"turn": now[one.turn]}) for one in ratings
            ),
        }
    )


def _found(
    given: ForeignDialogue, where: str, talks: Talks, named: Callable[[str], Scenario]
) -> ImportedDialogue | None:
    names = [role.name for role in given.roles]
    unknown = next((turn.speaker for turn in given.turns if names and turn.speaker not in names), None)
    if unknown is not None:
        raise ValueError(f"turns.speaker: {unknown!r} is none of roles: {', '.join(names)}")
    if given.scenario is not None:
        scenario = named(given.scenario) if isinstance(given.scenario, str) else given.scenario
        return _in_scenario(given, scenario, where)
    names = names or list(dict.fromkeys(talks.spelled(turn.speaker) for turn in given.turns))
    seats = {name: place for place, name in enumerate(names)}
    if not given.roles:
        seats |= {turn.speaker: seats[talks.spelled(turn.speaker)] for turn in given.turns}
    lines = [TalkLine(turn.speaker, turn.text, turn.labels, turn.action, turn.offer) for turn in given.turns]
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
        rewards=_rewards(given, range(len(names))),
        condition=_condition(given),
        ratings=tuple(_rating(rating, seats, range(len(names))) for rating in given.ratings),
        participants={role.name: role.participant for role in given.roles},
        facts=given.facts,
        split=given.split,
        speakers=tuple(names),
    )
    return talks.dialogue(str(given.id), where, lines, about)


def _in_scenario(given: ForeignDialogue, scenario: Scenario, where: str) -> ImportedDialogue:
    """Return a dialogue about a whole scenario; speakers are its roles, by id, name or order."""
    by_name = {role.id: index for index, role in enumerate(scenario.roles)}
    by_name |= {role.name: index for index, role in enumerate(scenario.roles)}
    seated = [role.name for role in given.roles]
    names = seated or list(dict.fromkeys(turn.speaker for turn in given.turns))
    if not set(names) <= by_name.keys():
        if len(names) != len(scenario.roles):
            raise ValueError(f"roles: {', '.join(names)}; scenario {scenario.id!r} has {len(scenario.roles)}")
        by_name = {name: index for index, name in enumerate(names)}
    order = [by_name[name] for name in seated] or range(len(scenario.roles))
    rewards = seated_rewards(_rewards(given, order), order, range(len(scenario.roles)))
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
        outcome = outcome_in(given.outcome, scenario.issues, given.deal, rewards)
    return ImportedDialogue(
        id=str(given.id),
        where=where,
        scenario=scenario,
        frame=None,
        turns=turns,
        participants=tuple(played.get(role, HUMAN) for role in range(len(scenario.roles))),
        condition=_condition(given),
        outcome=outcome,
        ratings=tuple(_rating(rating, by_name, order) for rating in given.ratings),
        facts=given.facts,
        split=given.split,
    )


def _condition(given: ForeignDialogue) -> Condition:
    return given.condition if isinstance(given.condition, Condition) else Condition(known=False)


def _rewards(given: ForeignDialogue, order: Sequence[int]) -> tuple[float | None, ...] | None:
    if given.rewards is not None and len(given.rewards) != len(order):
        raise ValueError(f"rewards: {len(given.rewards)} for {len(order)} roles; give one for each, or null")
    return given.rewards


def _rating(rating: ForeignRating, seats: Mapping[str, int], order: Sequence[int]) -> Rating:
    """Return a rating; its speakers by their seats, or by number in an order of seats."""
    by = _position(rating.by_speaker, seats, order, "ratings.by_speaker")
    about = _position(rating.about, seats, order, "ratings.about")
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


def _position(given: Named | None, seats: Mapping[str, int], order: Sequence[int], field: str) -> int | None:
    if given is None:
        return None
    if isinstance(given, int) and 1 <= given <= len(order):
        return order[given - 1]
    if given in seats:
        return seats[str(given)]
    raise ValueError(f"{field}: {given!r} is none of {', '.join(seats)}, and no number of one from 1")


def import_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line that is read."""
    return ForeignDialogue.model_json_schema(mode="validation")


IMPORTER = Importer(
    title="Dialogues as JSON lines",
    note="negosim schema --imports prints the JSON Schema of a line.",
    recognises=recognises,
    read=read,
)
