"""What LangGraph alone costs for a turn of the engine's shape: the floor under benchmarks/engine.py.

    python benchmarks/bare_langgraph.py

Six nodes that do nothing, one of them three times at once, and votes after every second turn: 30 turns in
the event loop that the engine uses; the best of five rounds. Also with the six nodes as a graph of their
own, called by a node of the dialogue's graph once a turn, as the engine does not.
"""

import operator
import platform
import time
from datetime import date
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Overwrite, Send

from negosim._loop import run_coroutine

TURNS, DIALOGUES, WARM_UP, ROUNDS = 30, 10, 5, 5
STEPS = 1000


class Turn(TypedDict, total=False):
    text: str
    tasks: list[str]
    results: Annotated[list[str], operator.add]


class Dialogue(Turn, total=False):
    turns: Annotated[list[str], operator.add]


async def node(state: Turn) -> Turn:
    return {"text": "x"}


async def choose(state: Turn) -> Turn:
    return {"tasks": ["a", "b", "c"]}


async def task(state: Any) -> Turn:
    return {"results": ["x"]}


async def judge(state: Turn) -> dict[str, Any]:
    return {"results": Overwrite([])}


async def last(state: Turn) -> Dialogue:
    return {"turns": ["x"]}


async def vote(state: Dialogue) -> Dialogue:
    return {}


async def fan_out(state: Turn) -> list[Send]:
    return [Send("task", {"text": name}) for name in state["tasks"]]


async def after_turn(state: Dialogue) -> str:
    return "turn" if len(state["turns"]) % 2 else "vote"


async def after_vote(state: Dialogue) -> str:
    return END if len(state["turns"]) >= TURNS else "turn"


def add_turn(builder: Any, end: Any) -> None:
    nodes = {"a": node, "b": choose, "task": task, "judge": judge, "c": node, "d": end}
    for name, run in nodes.items():
        builder.add_node(name, run, input_schema=Turn)
    builder.add_edge("a", "b")
    builder.add_conditional_edges("b", fan_out, ["task"])
    for before, after in (("task", "judge"), ("judge", "c"), ("c", "d")):
        builder.add_edge(before, after)


def flat() -> Any:
    builder = StateGraph(Dialogue)
    add_turn(builder, last)
    return with_votes(builder, "a", "d")


def nested() -> Any:
    turn_builder = StateGraph(Turn)
    add_turn(turn_builder, node)
    turn_builder.add_edge(START, "a")
    turn_builder.add_edge("d", END)
    turns = turn_builder.compile()

    async def turn(state: Dialogue) -> Dialogue:
        return {"turns": [(await turns.ainvoke({}))["text"]]}

    builder = StateGraph(Dialogue)
    builder.add_node("turn", turn)
    return with_votes(builder, "turn", "turn")


def with_votes(builder: Any, first: str, end: str) -> Any:
    builder.add_node("vote", vote)
    builder.add_edge(START, first)
    builder.add_conditional_edges(end, after_turn, {"turn": first, "vote": "vote"})
    builder.add_conditional_edges("vote", after_vote, {"turn": first, END: END})
    return builder.compile()


async def play(graph: Any, dialogues: int) -> None:
    for _ in range(dialogues):
        await graph.ainvoke({"turns": []}, config={"recursion_limit": STEPS})


def measure(graph: Any, rounds: int = ROUNDS) -> float:
    """Return the CPU milliseconds of a turn: of the round that was disturbed least."""
    run_coroutine(play(graph, WARM_UP))
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        run_coroutine(play(graph, DIALOGUES))
        spent.append(time.process_time() - started)
    return min(spent) / (DIALOGUES * TURNS) * 1000


if __name__ == "__main__":
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}")
    print(
        f"{measure(flat()):.2f} ms CPU a turn; {measure(nested()):.2f} with a graph of its own for the turn"
    )
