"""LangGraph alone on a graph of the engine's shape: the floor under benchmarks/engine.py.

    python benchmarks/bare_langgraph.py

Six nodes that do nothing, one of which does three things at once, and votes after every second turn: 30
turns, as the engine plays them; the best of twenty rounds. Two shapes that the engine does not have are
measured beside it: each of the three things as a task of the graph (LangGraph's `Send`); and the six nodes as
a graph of their own, called by a node of the dialogue's graph once a turn.
"""

import asyncio
import operator
import platform
import time
from collections.abc import Callable, Coroutine
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, Overwrite, Send

from negosim._loop import run_coroutine

TURNS, DIALOGUES, WARM_UP, ROUNDS = 30, 5, 5, 20
STEPS = 1000

Play = Callable[[], Coroutine[Any, Any, object]]
"""Plays one dialogue."""


class BareTurn(TypedDict, total=False):
    text: str
    results: Annotated[list[str], operator.add]


class BareDialogue(BareTurn, total=False):
    turns: Annotated[list[str], operator.add]


async def node(state: BareTurn) -> BareTurn:
    return {"text": "x"}


async def at_once(state: BareTurn) -> BareTurn:
    await asyncio.gather(*(node(state) for _ in range(3)))
    return {"text": "x"}


async def send(state: BareTurn) -> Command[str]:
    return Command(goto=[Send("task", {"text": name}) for name in "abc"])


async def task(state: Any) -> BareTurn:
    return {"results": ["x"]}


async def collect(state: BareTurn) -> dict[str, Any]:
    return {"results": Overwrite([])}


STAGES = {"a": node, "b": node, "task": at_once, "judge": node, "c": node}
TASKS = {**STAGES, "b": send, "task": task, "judge": collect}
FIRST, LAST = "a", "d"


def said(state: BareDialogue, first: str) -> Command[str]:
    return Command(update={"turns": ["x"]}, goto="vote" if len(state["turns"]) % 2 else first)


def add_stages(builder: Any, stages: Any) -> None:
    for name, run in stages.items():
        builder.add_node(name, run, input_schema=BareTurn)
    for before, after in pairwise([*stages, LAST]):
        if stages[before] is not send:
            builder.add_edge(before, after)


def with_votes(builder: Any, first: str) -> Any:
    async def vote(state: BareDialogue) -> Command[str]:
        return Command(goto=END if len(state["turns"]) >= TURNS else first)

    builder.add_node("vote", vote, input_schema=BareDialogue)
    builder.add_edge(START, first)
    return builder.compile()


def flat(stages: Any = STAGES) -> Any:
    async def last(state: BareDialogue) -> Command[str]:
        return said(state, FIRST)

    builder = StateGraph(BareDialogue)
    add_stages(builder, stages)
    builder.add_node(LAST, last, input_schema=BareDialogue)
    return with_votes(builder, FIRST)


def nested() -> Any:
    stages = StateGraph(BareTurn)
    add_stages(stages, STAGES)
    stages.add_node(LAST, node, input_schema=BareTurn)
    stages.add_edge(START, FIRST)
    turns = stages.compile()

    async def turn(state: BareDialogue) -> Command[str]:
        await turns.ainvoke({})
        return said(state, "turn")

    builder = StateGraph(BareDialogue)
    builder.add_node("turn", turn)
    return with_votes(builder, "turn")


def playing(graph: Any) -> Play:
    return lambda: graph.ainvoke({"turns": []}, config={"recursion_limit": STEPS})


def yardstick() -> Play:
    """Return what other measurements are set against: a task of the graph for each of the three things."""
    return playing(flat(TASKS))


async def repeat(play: Play, dialogues: int) -> None:
    for _ in range(dialogues):
        await play()


def one_round(play: Play) -> float:
    """Return the CPU milliseconds of a turn in one round."""
    started = time.process_time()
    run_coroutine(repeat(play, DIALOGUES))
    return (time.process_time() - started) / (DIALOGUES * TURNS) * 1000


def measure(play: Play) -> float:
    """Return the CPU milliseconds of a turn: of the round that was disturbed least."""
    run_coroutine(repeat(play, WARM_UP))
    return min(one_round(play) for _ in range(ROUNDS))


def shapes() -> dict[str, float]:
    """Return what a turn takes by the graph's shape: the engine's, and two it doesn't have."""
    return {
        "in the engine's shape": measure(playing(flat())),
        "with a task of the graph for each of the three things": measure(yardstick()),
        "with a graph of its own for the turn": measure(playing(nested())),
    }


if __name__ == "__main__":
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}")
    for shape, spent in shapes().items():
        print(f"{spent:.2f} ms CPU a turn {shape}")
