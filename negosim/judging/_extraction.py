"""Extraction of claims: what a judge is asked to list, and how its list is read.

The form has a list for each utterance it is about, so that one that was passed over is seen. Several
utterances share a form as long as it fits the judge's longest answer; where an answer is cut off all the
same, the form is split. What could not be listed completely is "invalid": it is never taken for "claims
nothing".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, WithJsonSchema, create_model

from negosim.errors import ModelError, ProtocolError
from negosim.judging._claim_reading import (
    ABOUT_ISSUES,
    DIRECTIONS,
    NAMED,
    ON_THE_TABLE,
    SUBJECTS,
    read_statement,
)
from negosim.judging._protocol import Item, Task, failures
from negosim.judging._statement import Situation, Statement
from negosim.models import CUT_OFF
from negosim.records import Judgement, Turn
from negosim.speech import opening

CLAIM, FALSE_CLAIM = "claim", "false-claim"
"""Questions: what a claim is worth, once for each; whether an utterance has a false one."""

MOST_UTTERANCES = 6
"""Utterances looked at in one call."""
MOST_CLAIMS = 6
"""Claims listed of one utterance; where there are so many, there may be more that are not listed."""
USUAL_CLAIMS = 2
"""Claims an utterance is given room for when a form is measured; most have none or one."""
LONGEST_QUOTE = 200
TOKENS_A_CLAIM = LONGEST_QUOTE // 4 + 70
"""Of the form: the quote at its longest, and the other fields with their names."""

FIRST_WORDS = 6


class ClaimsAnswer(BaseModel):
    """What `claims` asks for. Each claim is read by itself, so that a wrong one does not spoil the rest."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class Extracted:
    """A claim that was found in an utterance."""

    turn: Turn
    statement: Statement


Listed = dict[int, list[Extracted | Judgement]]
"""By utterance: its claims, and a judgement in place of each that cannot be used."""


def most_utterances(longest_answer: int) -> int:
    """Return how many utterances a form may be about, by the tokens an answer may have."""
    return min(MOST_UTTERANCES, max(1, longest_answer // (USUAL_CLAIMS * TOKENS_A_CLAIM + 10)))


async def extract(task: Task, turns: Sequence[Turn], made_in: Sequence[Situation]) -> Listed:
    """Have the claims of some utterances listed; those of the second argument are by index of the dialogue.

    Raises:
        ModelError: every other call would fail likewise.

    """
    listing = _Listing(task, turns, made_in)
    try:
        await listing.ask()
    except ModelError as error:
        return {turn.index: [_failed(turn, error)] for turn in turns}
    except ProtocolError as error:
        if (error.cut_off or listing.emptied) and len(turns) > 1:
            middle = len(turns) // 2
            return await extract(task, turns[:middle], made_in) | await extract(task, turns[middle:], made_in)
        failed: Listed = {turn.index: [_failed(turn, error)] for turn in turns}
        return {**failed, **listing.sound}
    return listing.sound


def _failed(turn: Turn, error: ModelError | ProtocolError) -> Judgement:
    return failures([Item(CLAIM, turn.role, turn.index)], error)[0]


class _Listing:
    """A form and what has been entered in it, over the attempts of one call."""

    def __init__(self, task: Task, turns: Sequence[Turn], made_in: Sequence[Situation]) -> None:
        self.task = task
        self.turns = turns
        self.made_in = made_in
        self.sound: Listed = {}
        self.emptied = False
        """Whether an answer claimed nothing at all after one that was cut off."""
        self._cut_off_before = _cut_offs(task)

    async def ask(self) -> None:
        issues = tuple(issue.id for issue in self.task.scenario.issues)
        await self.task.ask(
            "claims",
            claims_answer(tuple(turn.index + 1 for turn in self.turns), issues),
            check=self._check,
            purpose=(self.turns[0].index, len(self.turns)),
            shorten=False,
            utterances=[_shown_turn(self.task, turn) for turn in self.turns],
            most=MOST_CLAIMS,
            issues=bool(issues),
        )

    def _check(self, answer: ClaimsAnswer) -> None:
        """Take what is sound; what was listed soundly before stays, as a later answer is for the rest."""
        listed = any(getattr(answer, _field(turn), None) for turn in self.turns)
        if not listed and _cut_offs(self.task) > self._cut_off_before:
            self.emptied = True
            raise ValueError("the answer that was cut off listed claims, and this one none; list them")
        wrong = []
        for turn in self.turns:
            before = self.sound.get(turn.index)
            if before is None or any(isinstance(item, Judgement) for item in before):
                now = self._read(turn, getattr(answer, _field(turn), None))
                self.sound[turn.index] = now if now or not before else [_withdrawn(turn)]
            wrong += [item.reason for item in self.sound[turn.index] if isinstance(item, Judgement)]
        if wrong:
            raise ValueError("; ".join(wrong[:8]))

    def _read(self, turn: Turn, given: Any) -> list[Extracted | Judgement]:
        if not isinstance(given, list):
            return [
                _unusable(turn, f'"{_field(turn)}" is missing; list its claims, or give [] if there are none')
            ]
        found: dict[tuple[Any, ...], Extracted | Judgement] = {}
        for number, claim in enumerate(given[:MOST_CLAIMS], 1):
            try:
                statement = read_statement(
                    claim if isinstance(claim, dict) else {},
                    turn,
                    self.task.scenario,
                    self.made_in[turn.index],
                )
            except ValueError as error:
                found[number,] = _unusable(turn, f"utterance {turn.index + 1}, claim {number}: {error}")
            else:
                key = statement.subject, statement.issue, statement.quote
                found.setdefault(key, Extracted(turn, statement))
        return list(found.values())


def _cut_offs(task: Task) -> int:
    """Return how many answers of a sheet were cut off and asked for again."""
    return sum(row.again.get(CUT_OFF, 0) for row in task.ledger.rows())


def _unusable(turn: Turn, reason: str) -> Judgement:
    return Judgement(question=CLAIM, agent=turn.role, turn=turn.index, status="invalid", reason=reason)


def _withdrawn(turn: Turn) -> Judgement:
    return _unusable(
        turn, f"utterance {turn.index + 1}: claims that could not be used were left out, not mended"
    )


def _field(turn: Turn) -> str:
    return f"utterance_{turn.index + 1}"


@lru_cache(maxsize=256)
def claims_answer(utterances: tuple[int, ...], issues: tuple[str, ...]) -> type[ClaimsAnswer]:
    """Return the form for the claims in some utterances (numbered from 1) over issues by id (or none)."""
    value = {"anyOf": [{"type": "string", "maxLength": 80}, {"type": "number"}]}
    subjects = [name for name in SUBJECTS if issues or name not in ABOUT_ISSUES]
    about: dict[str, Any] = {}
    if issues:
        issue = {"type": "string", "enum": list(issues)}
        term = {"type": "object", "properties": {"issue": issue, "value": value}}
        about = {
            "issue": {"anyOf": [issue, {"type": "null"}]},
            "stated": {"anyOf": [*value["anyOf"], {"type": "null"}]},
            "than": {"anyOf": [issue, {"type": "null"}]},
            "direction": {"anyOf": [{"type": "string", "enum": list(DIRECTIONS)}, {"type": "null"}]},
            "terms": {"anyOf": [{"type": "string", "enum": [NAMED, ON_THE_TABLE]}, {"type": "null"}]},
            "package": {"type": "array", "items": term, "maxItems": max(len(issues) - 1, 1)},
        }
    claim = {
        "type": "object",
        "properties": {
            "quote": {"type": "string", "maxLength": LONGEST_QUOTE},
            "subject": {"type": "string", "enum": subjects},
            **about,
        },
    }
    schema = {"type": "array", "items": claim, "maxItems": MOST_CLAIMS}
    fields: dict[str, Any] = {
        f"utterance_{number}": (Annotated[list[Any] | None, WithJsonSchema(schema)], None)
        for number in utterances
    }
    return create_model("Claims", __base__=ClaimsAnswer, **fields)


def _shown_turn(task: Task, turn: Turn) -> dict[str, Any]:
    begins = opening(turn.utterance.text, FIRST_WORDS)
    speaker = task.scenario.roles[turn.role].name
    return {"number": turn.index + 1, "field": _field(turn), "speaker": speaker, "begins": begins}
