"""The turn graphs: how a planner gets from what the speaker sees to one public utterance.

- `rollout`: reflect → tactics → K rollouts at once → judge → speak → consolidate (report, 3.3).
  With fused calls, think (reflection, tactics and rollouts in one) → judge → speak → consolidate.
- `reflect`: reflect → speak → consolidate.
- `direct`: speak, in one call.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import add
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from negosim.agents import Agent, Objective, RolloutJudge, Speech
from negosim.config import Calls, Planner
from negosim.errors import ModelError, NegosimError, ProtocolError
from negosim.records import Rollout, Turn, Utterance
from negosim.scenarios import Role
from negosim.views import View


@dataclass(frozen=True)
class TurnContext:
    """What a turn is made with: the speaker, who judges its rollouts, and what it sees."""

    view: View
    """As the turn begins; each stage adds what the stages before it found."""
    agent: Agent
    judge: RolloutJudge
    k: int
    objective: Objective
    other_sides: tuple[Role, ...]
    """The other roles' confidential sides in the oracle view, else empty."""


class TurnState(TypedDict, total=False):
    """What the stages of a turn hand on."""

    reflection: str
    tactics: Sequence[str]
    candidates: Annotated[list[tuple[int, Rollout | ModelError | ProtocolError]], add]
    rollouts: tuple[Rollout, ...]
    chosen: int
    speech: Speech
    consolidated: Utterance


class RolloutTask(TypedDict):
    """One of the K rollouts that run at the same time."""

    position: int
    tactic: str
    reflection: str


class StageError(NegosimError):
    """A stage failed for good; the dialogue is stored as failed with this reason."""

    def __init__(self, stage: str, error: ModelError | ProtocolError) -> None:
        self.stage = stage
        self.error = error
        super().__init__(f"{stage}: {error}")


TurnGraph = CompiledStateGraph[TurnState, TurnContext, TurnState, TurnState]
Stage = Callable[[Any, Runtime[TurnContext]], Awaitable[dict[str, Any]]]


async def reflect(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Think privately about the conversation so far."""
    return {"reflection": await runtime.context.agent.reflect(runtime.context.view)}


async def tactics(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Choose K tactics."""
    context = runtime.context
    return {"tactics": await context.agent.choose_tactics(_seen(state, context), context.k)}


async def fan_out(state: TurnState) -> list[Send]:
    """Start a rollout for every tactic."""
    return [
        Send("rollout", RolloutTask(position=position, tactic=tactic, reflection=state["reflection"]))
        for position, tactic in enumerate(state["tactics"])
    ]


async def rollout(task: RolloutTask, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Sketch one candidate as a mini-dialogue.

    A failure is handed on: raised here it would cut off the other rollouts, whose calls are paid for
    and belong in the account.
    """
    view = replace(runtime.context.view, reflection=task["reflection"])
    try:
        candidate = await runtime.context.agent.rollout(view, task["tactic"])
    except (ModelError, ProtocolError) as error:
        return {"candidates": [(task["position"], error)]}
    return {"candidates": [(task["position"], candidate)]}


async def think(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Reflect and sketch all K candidates at once."""
    context = runtime.context
    thinking = await context.agent.think(context.view, context.k)
    return {"reflection": thinking.reflection, "candidates": list(enumerate(thinking.rollouts))}


async def judge(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Score the candidates; the best wins, the first of equals."""
    context = runtime.context
    candidates: list[Rollout] = []
    for _, candidate in sorted(state["candidates"], key=lambda item: item[0]):
        if isinstance(candidate, Exception):
            raise StageError("rollout", candidate) from candidate
        candidates.append(candidate)
    scores = await context.judge.score(
        _seen(state, context), candidates, context.objective, context.other_sides
    )
    scored = tuple(
        candidate.model_copy(update={"score": score.score, "reason": score.reason})
        for candidate, score in zip(candidates, scores, strict=True)
    )
    return {
        "rollouts": scored,
        "chosen": max(range(len(scores)), key=lambda position: scores[position].score),
    }


async def speak(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Say the public utterance."""
    return {"speech": await runtime.context.agent.speak(_seen(state, runtime.context))}


async def consolidate(state: TurnState, runtime: Runtime[TurnContext]) -> dict[str, Any]:
    """Vary the opening of the utterance."""
    return {"consolidated": await runtime.context.agent.consolidate(_seen(state, runtime.context))}


STAGES: dict[str, Stage] = {
    "reflect": reflect,
    "tactics": tactics,
    "rollout": rollout,
    "think": think,
    "judge": judge,
    "speak": speak,
    "consolidate": consolidate,
}

CHAINS: dict[tuple[Planner, Calls], tuple[str, ...]] = {
    ("rollout", "separate"): ("reflect", "tactics", "rollout", "judge", "speak", "consolidate"),
    ("rollout", "fused"): ("think", "judge", "speak", "consolidate"),
    ("reflect", "separate"): ("reflect", "speak", "consolidate"),
    ("reflect", "fused"): ("reflect", "speak", "consolidate"),
    ("direct", "separate"): ("speak",),
    ("direct", "fused"): ("speak",),
}


@lru_cache
def turn_graph(planner: Planner, calls: Calls) -> TurnGraph:
    """Build and compile the turn graph of a planner."""
    builder = StateGraph(TurnState, context_schema=TurnContext)
    chain = CHAINS[planner, calls]
    for name in chain:
        builder.add_node(name, _named(name, STAGES[name]))
    for before, after in zip((START, *chain), (*chain, END), strict=True):
        if after == "rollout":
            builder.add_conditional_edges(before, fan_out, [after])
        else:
            builder.add_edge(before, after)
    return builder.compile(name=planner)


def finished_turn(view: View, state: TurnState) -> Turn:
    """Make the record of a turn from what its stages found."""
    speech = state["speech"]
    utterance = state.get("consolidated", speech.utterance)
    rollouts, chosen = state.get("rollouts", ()), state.get("chosen")
    return Turn(
        index=view.turn_index,
        role=view.side.index,
        reflection=state.get("reflection", speech.reflection),
        rollouts=rollouts,
        chosen=chosen,
        tactic=rollouts[chosen].tactic if chosen is not None else speech.tactic,
        draft=speech.utterance.text if utterance.text != speech.utterance.text else None,
        utterance=utterance,
        claims=speech.claims,
    )


def _seen(state: TurnState, context: TurnContext) -> View:
    speech = state.get("speech")
    return replace(
        context.view,
        reflection=state.get("reflection"),
        rollouts=state.get("rollouts", ()),
        chosen=state.get("chosen"),
        draft=speech.utterance if speech else None,
    )


def _named(name: str, stage: Stage) -> Any:
    """Name the stage in its failures."""

    async def run(state: Any, runtime: Runtime[TurnContext]) -> dict[str, Any]:
        try:
            return await stage(state, runtime)
        except (ModelError, ProtocolError) as error:
            raise StageError(name, error) from error

    return run
