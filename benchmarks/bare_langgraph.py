"""What LangGraph alone costs for a turn of the engine's shape: the floor under benchmarks/engine.py.

    python benchmarks/bare_langgraph.py

Six nodes that do nothing, three of them at once, inside a dialogue graph of 30 turns and 15 votes, in
the event loop that the engine uses; the best of five rounds.
"""

import operator
import platform
import time
from datetime import date
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from negosim._loop import run_coroutine

TURNS, DIALOGUES, WARM_UP, ROUNDS = 30, 10, 5, 5


class TurnState(TypedDict, total=False):
    text: str
    tasks: list[str]
    results: Annotated[list[str], operator.add]


class DialogueState(TypedDict, total=False):
    turns: Annotated[list[str], operator.add]


async def node(state: Any) -> dict[str, Any]:
    return {"text": "x"}


async def choose(state: Any) -> dict[str, Any]:
    return {"tasks": ["a", "b", "c"]}


async def task(state: Any) -> dict[str, Any]:
    return {"results": ["x"]}


async def fan_out(state: TurnState) -> list[Send]:
    return [Send("task", {"text": name}) for name in state["tasks"]]


def turn_graph() -> Any:
    builder = StateGraph(TurnState)
    for name, run in {"a": node, "b": choose, "task": task, "c": node, "d": node, "e": node}.items():
        builder.add_node(name, run)
    builder.add_edge(START, "a")
    builder.add_edge("a", "b")
    builder.add_conditional_edges("b", fan_out, ["task"])
    for before, after in (("task", "c"), ("c", "d"), ("d", "e"), ("e", END)):
        builder.add_edge(before, after)
    return builder.compile()


def dialogue_graph() -> Any:
    turns = turn_graph()

    async def turn(state: DialogueState) -> dict[str, Any]:
        return {"turns": [(await turns.ainvoke({}))["text"]]}

    async def vote(state: DialogueState) -> dict[str, Any]:
        return {}

    async def after_turn(state: DialogueState) -> str:
        return "turn" if len(state["turns"]) % 2 else "vote"

    async def after_vote(state: DialogueState) -> str:
        return END if len(state["turns"]) >= TURNS else "turn"

    builder = StateGraph(DialogueState)
    builder.add_node("turn", turn)
    builder.add_node("vote", vote)
    builder.add_edge(START, "turn")
    builder.add_conditional_edges("turn", after_turn, ["turn", "vote"])
    builder.add_conditional_edges("vote", after_vote, ["turn", END])
    return builder.compile()


async def play(graph: Any, dialogues: int) -> None:
    for _ in range(dialogues):
        await graph.ainvoke({}, config={"recursion_limit": 1000})


def measure(rounds: int = ROUNDS) -> float:
    """Return the CPU milliseconds of a turn: of the round that was disturbed least."""
    graph = dialogue_graph()
    run_coroutine(play(graph, WARM_UP))
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        run_coroutine(play(graph, DIALOGUES))
        spent.append(time.process_time() - started)
    return min(spent) / (DIALOGUES * TURNS) * 1000


if __name__ == "__main__":
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}")
    print(f"{measure():.2f} ms CPU a turn")
