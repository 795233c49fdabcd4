"""A turn: how a planner gets from what the speaker sees to one public utterance.

- `rollout`: reflect → tactics → K rollouts at once → judge → speak → consolidate (report, 3.3).
  With fused calls, think (reflection, tactics and rollouts in one) → judge → speak → consolidate.
- `reflect`: reflect → speak → consolidate.
- `direct`: speak, in one call.

The stages are nodes of the dialogue graph itself.
"""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from itertools import pairwise
from typing import Any, Protocol

from langgraph.graph import END, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

from negosim.agents import Speech
from negosim.config import Calls, Planner
from negosim.engine._state import (
    Deliberation,
    DeliberationState,
    DialogueContext,
    DialogueState,
    History,
    HistoryState,
    Participant,
    StageError,
    answers_of,
    history_after,
)
from negosim.errors import ModelError, ProtocolError
from negosim.records import Rollout, Turn
from negosim.views import View

TurnStage = Callable[[Deliberation, Participant, DialogueContext], Awaitable[Deliberation]]
AfterTurn = Callable[[History, DialogueContext], str]
"""Says what comes after a turn: "turn", "vote" or END."""


class Node(Protocol):
    """A node of the dialogue graph."""

    def __call__(self, state: Any, runtime: Runtime[DialogueContext]) -> Coroutine[Any, Any, Any]:
        """Return what the node adds to the state, and where it goes on where that depends."""
        ...


async def reflect(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Think privately about the conversation so far."""
    view = turn["view"]
    return {"view": replace(view, reflection=await participant.agent.reflect(view))}


async def tactics(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Choose K tactics."""
    return {"tactics": await participant.agent.choose_tactics(turn["view"], context.k)}


async def rollout(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Sketch a candidate for each tactic as a mini-dialogue, all at once."""
    view = turn["view"]
    sketches = await answers_of(participant.agent.rollout(view, tactic) for tactic in turn["tactics"])
    candidates: list[Rollout] = []
    for sketch in sketches:
        if isinstance(sketch, BaseException):
            raise sketch
        candidates.append(sketch)
    return {"candidates": candidates}


async def think(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Reflect and sketch all K candidates at once."""
    thinking = await participant.agent.think(turn["view"], context.k)
    return {
        "view": replace(turn["view"], reflection=thinking.reflection),
        "candidates": thinking.rollouts,
    }


async def judge(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Score the candidates; the best wins, the first of equals."""
    view = turn["view"]
    candidates = turn["candidates"]
    others = (role for index, role in enumerate(context.scenario.roles) if index != view.side.index)
    scores = await participant.judge.score(
        view, candidates, context.objective, tuple(others) if context.oracle else ()
    )
    scored = tuple(
        candidate.model_copy(update={"score": score.score, "reason": score.reason})
        for candidate, score in zip(candidates, scores, strict=True)
    )
    best = max(range(len(scores)), key=lambda position: scores[position].score)
    return {"view": replace(view, rollouts=scored, chosen=best)}


async def speak(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Say the public utterance."""
    speech = await participant.agent.speak(turn["view"])
    return {"view": replace(turn["view"], draft=speech.utterance), "speech": speech}


async def consolidate(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Vary the opening of the utterance."""
    utterance = await participant.agent.consolidate(turn["view"])
    return {"speech": turn["speech"]._replace(utterance=utterance)}


STAGES: dict[str, TurnStage] = {
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


def add_turn(
    builder: StateGraph[DialogueState, DialogueContext, HistoryState, HistoryState],
    planner: Planner,
    calls: Calls,
    after: AfterTurn,
) -> str:
    """Add the stages of a planner's turn to a graph that has a node "vote"; return the first one."""
    chain = CHAINS[planner, calls]
    first, last = chain[0], chain[-1]
    for name in chain[:-1]:
        schema: type[Any] = DialogueState if name == first else DeliberationState
        builder.add_node(name, _stage_node(name, opens=name == first), input_schema=schema)
    node = _last_node(last, {"turn": first, "vote": "vote", END: END}, after, opens=first == last)
    builder.add_node(last, node, input_schema=DialogueState, destinations=(first, "vote", END))
    for before, stage in pairwise(chain):
        builder.add_edge(before, stage)
    return first


def _stage_node(name: str, *, opens: bool) -> Node:
    """Return a stage as a node that passes on what it has made of the turn."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> DeliberationState:
        return {"deliberation": await _deliberate(name, state, runtime.context, opens=opens)}

    return run


def _last_node(name: str, nodes: dict[str, str], after: AfterTurn, *, opens: bool) -> Node:
    """Return the last stage as a node that puts the turn on record and goes on to what comes after it."""

    async def run(state: DialogueState, runtime: Runtime[DialogueContext]) -> Command[str]:
        context = runtime.context
        made = await _deliberate(name, state, context, opens=opens)
        view, speech = made["view"], made["speech"]
        turn = _record(view, speech)
        table = view.table.after(turn.role, speech.utterance)
        added = context.add(turn.index, History(turns=[turn], table=table))
        now = history_after(state["history"], added)
        return Command(update={"history": now}, goto=nodes[after(now, context)])

    return run


async def _deliberate(
    name: str, state: DialogueState, context: DialogueContext, *, opens: bool
) -> Deliberation:
    """Take a stage of the turn; the one that opens it lets the next role see the table."""
    turn = _opened(state["history"], context) if opens else state["deliberation"]
    view = turn["view"]
    try:
        return turn | await STAGES[name](turn, context.participants[view.side.index], context)
    except (ModelError, ProtocolError) as error:
        raise StageError(name, error, turn=view.turn_index, role=view.side.index) from error


def _opened(history: History, context: DialogueContext) -> Deliberation:
    """Return the beginning of a turn: what the role sees that speaks next."""
    role = (context.opener + len(history["turns"])) % len(context.participants)
    return Deliberation(view=context.view(history, role))


def _record(view: View, speech: Speech) -> Turn:
    draft = view.draft.text if view.draft else None
    return Turn(
        index=view.turn_index,
        role=view.side.index,
        reflection=view.reflection or speech.reflection,
        rollouts=view.rollouts,
        chosen=view.chosen,
        tactic=speech.tactic if view.chosen is None else view.rollouts[view.chosen].tactic,
        draft=draft if draft != speech.utterance.text else None,
        utterance=speech.utterance,
        claims=speech.claims,
    )
