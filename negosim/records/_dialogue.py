"""One complete dialogue, as stored: header, turns, outcome, account."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, model_validator

from negosim._frozen import Frozen, empty
from negosim._html import dialogue_html
from negosim.records._measurement import Measurement
from negosim.records._turn import Turn, Vote
from negosim.scenarios import ROUND_ROBIN, Scenario, SpeakingOrder, Value

SCHEMA_VERSION: Literal[1] = 1

End = Literal["concluded", "walk_away", "max_turns", "safety_stop", "failed", "ended"]
"""Why a dialogue ended: all roles said they had concluded, one left, the cap, the cap of the
unrestricted mode, or a failure; "ended": it is imported, and nothing more of it is recorded."""


SIMULATED = "sim"
"""The name of the embedded simulated negotiator, of whose claims the record knows whether they are true."""

EMBEDDED = frozenset({SIMULATED, "user", "habit"})
"""Kinds of agents that are made in this process from the seed alone."""


UNKNOWN = "unknown"
"""The name of a condition that nobody has recorded."""

HUMAN = "human"
"""Who plays a role where a person does."""

Fact = str | int | float | bool | None
"""Something that a source says of a dialogue."""


def _true(given: Any) -> bool:
    return given is True


class Condition(Frozen):
    """What the dialogue was made under."""

    deceptive: tuple[int, ...] = ()
    """Positions of the roles whose brief allowed lying (0 is agent 1)."""
    known: Annotated[bool, Field(exclude_if=_true)] = True
    """Whether it is known who was allowed to lie; of people's dialogues it mostly is not."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, given: Any) -> Any:
        """Accept the name of a condition in place of its fields."""
        if not isinstance(given, str):
            return given
        if given == UNKNOWN:
            return {"known": False}
        kind, *agents = given.split("-")
        if (kind == "honest") == bool(agents) or kind not in ("honest", "deceptive"):
            raise ValueError(f"{given!r} is no condition; write 'honest', 'deceptive-2' or 'deceptive-1-2'")
        if not all(agent.isdecimal() and int(agent) > 0 for agent in agents):
            raise ValueError(f"{given!r}: agents are counted from 1, as in 'deceptive-2'")
        return {"deceptive": sorted({int(agent) - 1 for agent in agents})}

    @property
    def name(self) -> str:
        """The condition as ids and tables name it, agents counted from 1: "honest", "deceptive-2"."""
        if not self.known:
            return UNKNOWN
        return (
            "-".join(["deceptive", *(str(role + 1) for role in self.deceptive)])
            if self.deceptive
            else "honest"
        )


def _round_robin(given: Any) -> bool:
    return bool(given == ROUND_ROBIN)


class Failure(Frozen):
    """Why a dialogue could not be finished. A failed dialogue is no outcome."""

    turn: int
    role: int | None
    stage: str
    error: str
    """The class of the error: "ProtocolError" (the model broke the contract), "ModelError" (provider),
    "ContextLengthError" (the prompt had outgrown the model)."""
    message: str
    """negosim's own words: nothing that a model or a server sent is quoted."""

    @property
    def through_provider(self) -> bool:
        """Whether the provider failed, so that the dialogue may go well another time."""
        return self.error == "ModelError"


class Outcome(Frozen):
    """What the negotiation came to, computed from the structured offers alone."""

    status: Literal["agreement", "no_agreement", "abandoned", "unknown", "not_applicable"]
    """"no_agreement": somebody left, or the cap was reached; "abandoned": all said the conversation was over
    while issues were open and nobody had left; "unknown": no usable offer was made, so whether the
    words agree cannot be computed; "not_applicable": the scenario has nothing to settle."""
    deal: dict[str, Value] | None = None
    coalition: Annotated[tuple[int, ...] | None, Field(exclude_if=empty)] = None
    """Positions of the parties to the deal, where some can agree without the others."""
    values: tuple[float, ...] | None = None
    """By role. Who is no party to a deal has its reservation value, which is what no deal is worth."""
    joint_value: float | None = None
    rational: tuple[bool, ...] | None = None
    """By role: whether the deal gives at least the reservation value."""
    pareto_distance: float | None = None
    """Distance of the deal to the Pareto frontier, value axes scaled to 0..1; 0 is efficient."""
    nash_ratio: float | None = None
    """Nash product of the deal over the largest Nash product of any deal, both among its parties."""
    rewards: Annotated[tuple[float | None, ...] | None, Field(exclude_if=empty)] = None
    """By role, where the scenario says what counts; None in a place where it cannot be known."""


class StageAccount(Frozen):
    """What one stage of one role cost over the dialogue."""

    stage: str
    role: int | None
    model: str
    calls: int = 0
    """Requests sent, retries included."""
    cached_calls: int = 0
    """Answers that came from the response cache instead: not sent, no tokens, no money."""
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """The part of `tokens_in` the server read from its prefix cache."""
    tokens_reasoning: Annotated[int, Field(exclude_if=empty)] = 0
    """The part of `tokens_out` that the model reasoned with before it answered."""
    again: Annotated[dict[str, int], Field(exclude_if=empty)] = Field(default_factory=dict)
    """Answers that were asked for again, by why: "unusable" (malformed, refused, against the rules),
    "cut_off" (at `max_tokens`), or what was doubtful in a usable one, as its mark is called ("leak")."""
    seconds: float = 0.0
    usd: float | None = None
    """None where the model's price is not known."""


def total_usd(amounts: Iterable[float | None]) -> float | None:
    """Return the sum of amounts of money; None where one of them is not known."""
    known = list(amounts)
    return None if None in known else sum(usd for usd in known if usd is not None)


def account_totals(account: Sequence[StageAccount]) -> dict[str, Any]:
    """Return what an account comes to: calls, tokens and money, by the name of the column."""
    counted = ("calls", "tokens_in", "tokens_out", "tokens_cached")
    sums: dict[str, Any] = {name: sum(getattr(stage, name) for stage in account) for name in counted}
    return {**sums, "usd": total_usd(stage.usd for stage in account)}


class Call(StageAccount):
    """One answer asked of a model: its stage and what it took, in the terms of the account."""

    turn: int | None = None
    """The turn it was made for; for "conclude", the turn that was just over."""


class Dialogue(Frozen):
    """One dialogue from header to outcome; one line of `dialogues.jsonl`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    id: str
    scenario: str
    index: int
    """Position among the run's dialogues of this scenario and condition; equal indices are a matched pair."""
    seed: int
    condition: Condition
    opener: int
    order: Annotated[SpeakingOrder, Field(exclude_if=_round_robin)] = ROUND_ROBIN
    """Who spoke after whom."""
    traits: Annotated[tuple[tuple[str, ...], ...], Field(exclude_if=empty)] = ()
    """By role: ids of the dispositions that the run gave it; the run's header has them in full."""
    models: tuple[str, ...]
    """By role. "sim" is the embedded simulated negotiator, no language model."""
    status: Literal["complete", "failed"]
    end: End
    turns: tuple[Turn, ...]
    votes: tuple[Vote, ...]
    outcome: Outcome
    failure: Failure | None = None
    measurements: Annotated[tuple[Measurement, ...], Field(exclude_if=empty)] = ()
    """What the roles answered in private, in the order they were asked."""
    own_scenario: Annotated[Scenario | None, Field(exclude_if=empty)] = None
    """The scenario as this dialogue had it, where that of the run is only what all have in common: of
    published data, roles, briefs and payoffs differ from one dialogue to the next."""
    facts: Annotated[dict[str, Fact], Field(exclude_if=empty)] = Field(default_factory=dict)
    """What else the source of an imported dialogue says of it: topic, published split, stated amounts."""
    account: tuple[StageAccount, ...] = ()
    calls: tuple[Call, ...] = ()
    """Every call, in the order they were finished; the account has their sums."""
    seconds: Annotated[float, Field(ge=0)] = 0.0

    def transcript(self) -> bytes:
        """Return everything but the account, calls and timing as JSON: equal inputs give equal bytes."""
        return orjson.dumps(self.model_dump(mode="json", exclude={"account", "calls", "seconds"}))

    def __repr__(self) -> str:
        """Return a line that shows what came of it, and no thought."""
        return f"Dialogue({self.id!r}, {len(self.turns)} turns, {self.outcome.status}, {self.end})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: what everybody could hear."""
        return dialogue_html(self)
