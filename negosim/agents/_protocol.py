"""Agents: the protocol that what plays a role must follow, and the capabilities it may have besides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from negosim import registry
from negosim.config import Objective
from negosim.models import Ledger, ModelSpec
from negosim.records import Aside, Claim, Leaving, Mark, Rollout, Utterance
from negosim.scenarios import Answer, Measure, Role
from negosim.views import Side, View


@dataclass(frozen=True)
class Speech:
    """An utterance with what the speaker alone knows about it."""

    utterance: Utterance
    claims: tuple[Claim, ...] = ()
    tactic: str | None = None
    """The tactic used, where the agent chose one itself (planners without rollouts)."""
    reflection: str | None = None
    """The thought behind it, where one answer gave both."""
    realised: bool | None = None
    """Whether the words express the tactic; None where the agent does not know."""
    leaves_for: Leaving | None = None
    """Why the speaker ends the talk without a deal, where it does."""
    marks: tuple[Mark, ...] = ()
    """What stayed wrong with its answers although they were asked for again."""
    asides: tuple[Aside, ...] = ()
    """What it says to some of the others alone, where the scenario has side messages."""
    floor: int | None = None
    """Position of the role that speaks next, where the speaker is the chair."""


@dataclass(frozen=True)
class Thinking:
    """What comes before speaking, where it is asked for at once."""

    reflection: str
    rollouts: tuple[Rollout, ...]


@dataclass(frozen=True)
class Planned:
    """A thought and the tactics chosen with it, where both are asked for at once."""

    reflection: str
    tactics: tuple[str, ...]


@runtime_checkable
class Agent(Protocol):
    """What plays a role: a chat model, the simulated negotiator, a trained policy, a plugin's own.

    This much is required; the protocols below are capabilities that planners and judges may need, which
    is checked when a run is planned.

    An agent keeps no state of its own between calls: everything it may use is in the view, so a
    dialogue can be continued from its record.

    An agent whose `self_directed` is true decides by itself what to say: planners pass it by, and it is only
    asked to speak. It ends a dialogue by leaving (`walk_away`); votes are for dialogues with others.
    Simulated users are such agents. One whose `votes` is true as well is asked whether it has concluded, as
    a person is.

    Every method raises `ProtocolError` when no usable answer could be had and `ModelError` when the
    provider failed.
    """

    model: str
    """How records name it: "sim", "openai:gpt-4o-mini"."""

    async def speak(self, view: View) -> Speech:
        """Say the next public utterance; uses `view.reflection` and the chosen rollout where set."""
        ...

    async def concluded(self, view: View) -> bool:
        """Say whether the conversation with the other side is over."""
        ...


def self_directed(agent: Agent) -> bool:
    """Tell whether an agent decides by itself what to say, whatever the planner."""
    return getattr(agent, "self_directed", False)


def ends_by_leaving(agent: Agent) -> bool:
    """Tell whether an agent ends a dialogue by leaving alone; a self-directed one that `votes` is asked."""
    return self_directed(agent) and not getattr(agent, "votes", False)


@runtime_checkable
class Reflects(Protocol):
    """The capability to think before speaking."""

    async def reflect(self, view: View) -> str:
        """Think privately in two or three sentences: the opening plan, or how it is going."""
        ...


@runtime_checkable
class RollsOut(Protocol):
    """The capability to sketch several ways to go on."""

    async def choose_tactics(self, view: View, k: int) -> Sequence[str]:
        """Choose `k` different tactics (ids) worth trying now; `view.reflection` is set."""
        ...

    async def rollout(self, view: View, tactic: str) -> Rollout:
        """Sketch an utterance that uses the tactic and the reply to expect."""
        ...


@runtime_checkable
class Plans(Protocol):
    """The capability to reflect and choose tactics at once (combined calls)."""

    async def plan(self, view: View, k: int) -> Planned:
        """Reflect and choose `k` different tactics, at once."""
        ...


@runtime_checkable
class Thinks(Protocol):
    """The capability to reflect and roll out at once (fused calls)."""

    async def think(self, view: View, k: int) -> Thinking:
        """Reflect, choose `k` different tactics and sketch a rollout for each, all at once."""
        ...


@runtime_checkable
class Consolidates(Protocol):
    """The capability to put a draft in other words; without it the draft is said as it is."""

    async def consolidate(self, view: View) -> Utterance:
        """Vary how `view.draft` opens without changing what it means; the move stays the same."""
        ...


@runtime_checkable
class Answers(Protocol):
    """The capability to answer measures: those of the scenario, and what it believes about the others."""

    async def answer(
        self, view: View, measure: Measure, about: int | None = None, attempt: int = 0
    ) -> Answer | None:
        """Answer a private question as the role sees it now; None: there is nothing to answer it from.

        Nothing is said in public and nothing is remembered. What does not fit the measure is a
        `ProtocolError`; `measure.parse` says what fits. `about` is the position of the role the question is
        about, where it is about one, and `attempt` tells repeated questions apart; an agent that is never
        asked such need not take them.
        """
        ...


@runtime_checkable
class Asks(Protocol):
    """The capability to answer a planner's own prompts: chat models have it."""

    async def ask(self, stage: str, view: View, answer: type[Any], **values: Any) -> Any:
        """Answer a template, given the values, in the form of a pydantic class.

        Keyword arguments `check` (called with the answer; raises ValueError with what is wrong) and
        `purpose` (tells calls of one turn apart) are not values of the template.
        """
        ...


class Trial(NamedTuple):
    """One way in which an act was imagined to go."""

    speech: Speech
    """What the speaker would say."""
    replies: tuple[tuple[int, Utterance], ...]
    """What the others would answer, with their positions, until it is the speaker's turn again."""


class World(Protocol):
    """The world as an agent imagines it from one view: what a search planner asks."""

    async def prior(self, view: View, samples: int) -> Mapping[str, float]:
        """Return how likely each act is to be the next one, from some samples of it."""
        ...

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        """Imagine how an act goes; `attempt` tells one time from another."""
        ...

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        """Return what the conversation as it stands is worth to the speaker, from -1 to 1.

        Probes are numbered from `first`: where others are imagined, the same number is the same person.
        """
        ...


@runtime_checkable
class Searches(Protocol):
    """The capability to imagine, in code, how a conversation goes on."""

    async def world(self, view: View) -> World:
        """Return the world as it is imagined before a turn; nothing of another's brief is in it."""
        ...


@runtime_checkable
class Says(Protocol):
    """The capability to speak by a planner's own prompts, and to imagine the others: chat models have it."""

    async def say(
        self, stage: str, view: View, thoughts: Mapping[str, Any] | None = None, **values: Any
    ) -> tuple[dict[str, Any], Speech]:
        """Answer a template that ends in an utterance.

        Args:
            stage: the template's name.
            view: what the agent sees.
            thoughts: fields of the answer that come before the move, with their types.
            values: what the template is given besides; `purpose` tells calls of one turn apart.

        Returns:
            What was thought, by field, and what is said.

        """
        ...

    async def imagine(self, stage: str, view: View, other: int, **values: Any) -> Utterance:
        """Answer a template with what the role at position `other` would say next.

        All it has to go by is the agent's own view, in which nothing of the other's brief is.
        """
        ...


@dataclass(frozen=True)
class Score:
    """A rollout judge's verdict on one candidate."""

    score: float
    """0 (worst) to 10 (best) on the objective."""
    reason: str
    rank: int = 0
    """Place among the candidates where they were compared, 1 the best; 0: they were not."""
    marks: tuple[Mark, ...] = ()
    """What stayed wrong with the verdict although it was asked for again."""

    @property
    def merit(self) -> tuple[float, int]:
        """What the best has most of: the score, then the rank."""
        return self.score, -self.rank


@runtime_checkable
class RolloutJudge(Protocol):
    """What picks among an agent's candidates, on the agent's behalf; an agent may do so itself."""

    model: str

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        """Score each candidate.

        `other_sides` is empty in the `own` view (what the speaker knows). In the `oracle` view, for
        study, it has the other roles with their confidential parts.
        """
        ...


Capability = TypeVar("Capability")


def capable(agent: object, capability: type[Capability]) -> Capability:
    """Return an agent as something that has a capability, which has been checked when the run was planned.

    Raises:
        TypeError: it has not.

    """
    if not isinstance(agent, capability):
        raise TypeError(f"{type(agent).__name__} lacks the capability {capability.__name__}")
    return agent


@dataclass
class Script:
    """One dialogue that a single model writes for all of its roles."""

    parts: list[Any] = field(default_factory=list)
    """Who reads its lines out, in the order of the roles."""
    lines: list[tuple[int, Utterance]] = field(default_factory=list)
    """What is said from the first word on, and by which role."""
    ended: bool = False
    """Whether the conversation is over with the last line."""


@dataclass(frozen=True)
class AgentContext:
    """What an agent is made from, once for each dialogue and role."""

    spec: ModelSpec
    """How it was named: `target` is what stands behind the colon."""
    side: Side
    """Its own side of the scenario."""
    chat: Callable[..., Agent] | None = None
    """Makes its chat model play the role: called with the name of a template for another brief and, by
    keyword, its values; with nothing, by the role's own. None as long as nobody is to speak, and for agents
    that speak through none."""
    ledger: Ledger | None = None
    """Where it can enter how long an answer took; None as long as nobody is to speak."""
    script: Script | None = None
    """Shared by the roles of a dialogue whose kind of agent plays them all; None as long as nobody is to
    speak, and for all others."""


def _unchanged(spec: ModelSpec) -> ModelSpec:
    return spec


def _nothing(side: Side) -> str:
    return ""


@dataclass(frozen=True)
class AgentFactory:
    """A kind of agent. A plugin may give a class or function that takes an `AgentContext` in its place."""

    make: Callable[[AgentContext], Agent]
    """Returns what plays one role in one dialogue. Nothing is loaded before it is asked to speak."""
    usage: str = ""
    """How such an agent is named: "policy:FOLDER"."""
    about: str = ""
    """What it is, in a line."""
    complete: Callable[[ModelSpec], ModelSpec] = _unchanged
    """Returns a spec with what its kind sets by itself, or raises UserError with what is wrong with it."""
    remarks: Callable[[Side], str] = _nothing
    """Returns what a user should know before such an agent plays a side, "" for nothing; raises UserError
    where it cannot play it."""
    through: Callable[[str], str] | None = None
    """Returns, of the name it was given, that of the chat model it speaks through; None: it needs none."""
    plays_all: bool = False
    """Whether one such agent plays every role of a dialogue, knowing all briefs, so that none can be mixed
    with others."""


def agent_factory(kind: str) -> AgentFactory:
    """Return how agents of a kind are made.

    Raises:
        UserError: there is no such kind, it cannot be loaded, or it makes no agents.

    """
    found = registry.load("agents", kind)
    if isinstance(found, AgentFactory):
        return found
    if not callable(found):
        raise registry.misfit("agents", kind, found, "a class or function that takes an AgentContext")
    about = (found.__doc__ or "").strip().partition("\n")[0]
    return AgentFactory(found, usage=kind, about=about)
