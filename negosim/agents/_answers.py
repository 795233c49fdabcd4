"""The forms a chat model answers in, one for each stage; some are built for a scenario or taxonomy."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from negosim.records import Action
from negosim.scenarios import Issue, Measure, Value

LONGEST_GRID = 100
"""Numeric issues with more values than this are left open in the form and checked afterwards."""

Said = Annotated[str, Field(min_length=1, max_length=1200)]
"""Three or four sentences take some 400 characters; the bound keeps a small model from rambling on."""


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class ReflectionAnswer(_Answer):
    """What `reflect` asks for."""

    reflection: Said


class RolloutAnswer(_Answer):
    """What `rollout` asks for."""

    utterance: Said
    expected_reply: Said


class CandidateAnswer(RolloutAnswer):
    """One candidate of `think`: a rollout with its tactic, which `think_answer` narrows to a taxonomy."""

    tactic: str


class CandidateScore(_Answer):
    """One candidate's score."""

    reason: Annotated[str, Field(max_length=400)]
    score: Annotated[float, Field(ge=0, le=10)]


class JudgeAnswer(_Answer):
    """What `judge` asks for; `judge_answer` gives it a field for each candidate."""

    @property
    def scores(self) -> list[CandidateScore]:
        """The candidates' scores, in order."""
        return [getattr(self, name) for name in type(self).model_fields if name.startswith("candidate")]

    @property
    def ranked(self) -> list[str]:
        """The candidates' names from best to worst, where their order was asked for."""
        return [getattr(self, name) for name in type(self).model_fields if name.startswith("place")]


class ConsolidateAnswer(_Answer):
    """What `consolidate` asks for."""

    utterance: Said


class ConcludeAnswer(_Answer):
    """What `conclude` asks for."""

    concluded: bool


class ThinkAnswer(_Answer):
    """What `think` asks for; `think_answer` adds a field for each candidate."""

    reflection: Said

    @property
    def candidates(self) -> list[CandidateAnswer]:
        """The candidates, in order."""
        return [getattr(self, name) for name in type(self).model_fields if name != "reflection"]


class PlanAnswer(_Answer):
    """What `plan` asks for; `plan_answer` adds a field for each tactic to choose."""

    reflection: Said

    @property
    def tactics(self) -> list[str]:
        """The ids chosen, in order."""
        return [getattr(self, name) for name in type(self).model_fields if name != "reflection"]


class TacticsAnswer(_Answer):
    """What `tactics` asks for; `tactics_answer` gives it a field for each tactic to choose."""

    @property
    def tactics(self) -> list[str]:
        """The ids chosen, in order."""
        return [getattr(self, name) for name in type(self).model_fields]


class SpokenAnswer(_Answer):
    """What ends in an utterance: a move, the words that are written for it, and whatever came before."""

    if TYPE_CHECKING:
        move: Any
        utterance: str

    @property
    def action(self) -> Action:
        """What the utterance does."""
        action: Action = self.move.action
        return action

    @property
    def offer(self) -> dict[str, Any] | None:
        """The values offered, by issue; issues left open are left out."""
        return None if self.move.offer is None else self.move.offer.model_dump(exclude_none=True)

    @property
    def aside(self) -> tuple[tuple[str, ...], str] | None:
        """The ids of who a side message is for, and its words; None without one."""
        given = getattr(self.move, "aside", None)
        return None if given is None else (tuple(dict.fromkeys(given.to)), given.text)

    @property
    def next(self) -> str | None:
        """The id of the role that gets the floor, where the speaker gives it."""
        floor: str | None = getattr(self.move, "next", None)
        return floor


class SpeakAnswer(SpokenAnswer):
    """What `speak` asks for, the move first: the words are written for it.

    `speak_answer` says which moves there are, and gives an offer its issues.
    """

    move: Any
    utterance: Said


class BeliefAnswer(_Answer):
    """What `beliefs` asks for; `belief_answer` gives `importance` a field for each issue."""

    reservation: Annotated[float, Field(ge=0, le=100)]
    importance: Any

    @property
    def shares(self) -> dict[str, float]:
        """The importance of each issue as a share of the whole.

        Raises:
            ValueError: no issue has any.

        """
        given: dict[str, float] = self.importance.model_dump()
        whole = sum(given.values())
        if whole <= 0:
            raise ValueError("importance: at least one issue must have more than 0 points")
        return {issue: points / whole for issue, points in given.items()}


@lru_cache(maxsize=256)
def belief_answer(issues: tuple[str, ...]) -> type[BeliefAnswer]:
    """Return the form for what somebody believes about another role, over issues by id."""
    fields: dict[str, Any] = {issue: (Annotated[float, Field(ge=0, le=100)], ...) for issue in issues}
    importance = create_model("Importance", __base__=_Answer, **fields)
    return create_model("Beliefs", __base__=BeliefAnswer, importance=(importance, ...))


@lru_cache(maxsize=256)
def tactics_answer(tactic_ids: tuple[str, ...], k: int) -> type[TacticsAnswer]:
    """Return the form for choosing `k` of the given tactics: a field each, so that the count is enforced."""
    fields: dict[str, Any] = {f"tactic_{number}": (Literal[tactic_ids], ...) for number in range(1, k + 1)}
    return create_model("Tactics", __base__=TacticsAnswer, **fields)


@lru_cache(maxsize=256)
def plan_answer(tactic_ids: tuple[str, ...], k: int) -> type[PlanAnswer]:
    """Return the form for a reflection and `k` of the given tactics."""
    fields: dict[str, Any] = {f"tactic_{number}": (Literal[tactic_ids], ...) for number in range(1, k + 1)}
    return create_model("Plan", __base__=PlanAnswer, **fields)


@lru_cache(maxsize=256)
def think_answer(tactic_ids: tuple[str, ...], k: int) -> type[ThinkAnswer]:
    """Return the form for a reflection and `k` candidates with the given tactics."""
    choice: Any = Literal[tactic_ids]
    candidate = create_model("Candidate", __base__=CandidateAnswer, tactic=(choice, ...))
    fields: dict[str, Any] = {f"candidate_{number}": (candidate, ...) for number in range(1, k + 1)}
    return create_model("Think", __base__=ThinkAnswer, **fields)


@lru_cache(maxsize=64)
def judge_answer(candidates: int, *, compare: bool = False) -> type[JudgeAnswer]:
    """Return the form for scoring a number of candidates, after they have been put in order if compared."""
    names = tuple(f"candidate_{number}" for number in range(1, candidates + 1))
    fields: dict[str, Any] = dict.fromkeys(names, (CandidateScore, ...))
    if compare:
        one: Any = Literal[names]
        places = {f"place_{number}": (one, ...) for number in range(1, candidates + 1)}
        fields = places | fields
    return create_model("Judge", __base__=JudgeAnswer, **fields)


class MeasureAnswer(_Answer):
    """What `measure` asks for; `measure_answer` says what can be answered."""

    answer: Any


@lru_cache(maxsize=256)
def measure_answer(
    kind: str, values: tuple[float | str, ...], low: float, high: float
) -> type[MeasureAnswer]:
    """Return the form of a measure: one of some values, a number between two, or yes or no."""
    form: Any
    if kind == "yes_no":
        form = bool
    elif kind == "number":
        form = Annotated[float, Field(ge=low, le=high)] if len(values) > LONGEST_GRID else _one_of(values)
    else:
        form = Literal[values]
    return create_model("Measure", __base__=MeasureAnswer, answer=(form, ...))


def measure_form(measure: Measure) -> type[MeasureAnswer]:
    """Return the form of a scenario's measure."""
    grid = measure.range
    values: tuple[float | str, ...] = measure.grades or (grid.values if grid else ())
    values = values or tuple(option.id for option in measure.options or ())
    low, high = (grid.min, grid.max) if grid else (0.0, 0.0)
    return measure_answer(measure.answer, values, low, high)


def deal_form(issues: Sequence[Issue]) -> type[BaseModel]:
    """Return the form of a complete deal."""
    return _deal_form(tuple((issue.id, issue.values) for issue in issues))


@lru_cache(maxsize=256)
def _deal_form(issues: tuple[tuple[str, tuple[Value, ...]], ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {issue: (_one_of(values), ...) for issue, values in issues}
    return create_model("Deal", __base__=_Answer, **fields)


def speak_answer(
    issues: Sequence[Issue],
    actions: Collection[Action],
    *,
    whole: bool = False,
    listeners: Sequence[str] = (),
    floor: Sequence[str] = (),
    thoughts: Mapping[str, Any] = MappingProxyType({}),
) -> type[SpokenAnswer]:
    """Return the form for an utterance with an offer on the given issues; only possible moves are in it.

    Args:
        issues: what can be offered.
        actions: the moves there are now.
        whole: whether an offer needs a value for every issue.
        listeners: ids of the roles that a side message can be for, where there are side messages.
        floor: ids of the roles that the speaker can give the floor to, where it gives the floor.
        thoughts: fields that come before the move, with their types.

    """
    known = tuple((issue.id, issue.values) for issue in issues)
    return _speak_answer(
        known, tuple(actions), whole, tuple(listeners), tuple(floor), tuple(thoughts.items())
    )


@lru_cache(maxsize=256)
def _speak_answer(
    issues: tuple[tuple[str, tuple[Value, ...]], ...],
    actions: tuple[Action, ...],
    whole: bool,
    listeners: tuple[str, ...],
    floor: tuple[str, ...],
    thoughts: tuple[tuple[str, Any], ...],
) -> type[SpokenAnswer]:
    fields: dict[str, Any] = {
        issue: (_one_of(values) if whole else _one_of(values) | None, ...) for issue, values in issues
    }
    offer = create_model("Offer", __base__=_Answer, **fields)
    besides = _besides(listeners, floor)
    # Two forms of a move, so that a server that enforces the schema lets through no offer without values.
    others: Any = Literal[tuple(action for action in actions if action != "offer")]
    only: Any = Literal["offer"]
    plain = create_model("Move", __base__=_Answer, action=(others, ...), offer=(None, ...), **besides)
    if "offer" not in actions:
        return _spoken_form(plain, thoughts)
    offering = create_model("OfferMove", __base__=_Answer, action=(only, ...), offer=(offer, ...), **besides)
    return _spoken_form(plain | offering, thoughts)


def _spoken_form(move: Any, thoughts: tuple[tuple[str, Any], ...]) -> type[SpokenAnswer]:
    """Return the form of an utterance, with what is to be thought before it in front."""
    if not thoughts:
        return create_model("Speak", __base__=SpeakAnswer, move=(move, ...))
    fields: dict[str, Any] = {name: (kind, ...) for name, kind in thoughts}
    fields |= {"move": (move, ...), "utterance": (Said, ...)}
    return create_model("ThinkAndSpeak", __base__=SpokenAnswer, **fields)


def _besides(listeners: tuple[str, ...], floor: tuple[str, ...]) -> dict[str, Any]:
    """Return what goes with a move: a side message where there are some, who speaks next where it is said."""
    fields: dict[str, Any] = {}
    if listeners:
        role: Any = Literal[listeners]
        to = Annotated[list[role], Field(min_length=1, max_length=len(listeners))]
        aside = create_model("Aside", __base__=_Answer, to=(to, ...), text=(Said, ...))
        fields["aside"] = (aside | None, ...)
    if floor:
        fields["next"] = (Literal[floor], ...)
    return fields


def _one_of(values: tuple[float | str, ...]) -> Any:
    """Return the type of an issue's value; a short grid is spelt out, so that servers can enforce it."""
    if isinstance(values[0], str):
        return Literal[values]
    if len(values) > LONGEST_GRID:
        return float
    return Annotated[float, Field(json_schema_extra={"enum": list(values)})]
