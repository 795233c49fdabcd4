"""The public functions: what they take is said, checked and shown by an example that runs."""

import asyncio
import doctest
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.engine import predict, predict_async
from negosim.errors import UserError
from negosim.rl import simulate
from negosim.rl.hindsight import regenerate, regenerate_async
from negosim.rl.sources import prepare

TWINS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (negosim.generate, negosim.generate_async),
    (negosim.resume, negosim.resume_async),
    (negosim.judge, negosim.judge_async),
    (predict, predict_async),
    (regenerate, regenerate_async),
]
FUNCTIONS = [plain for plain, _ in TWINS]


def named(function: Callable[..., Any]) -> str:
    return function.__name__


@pytest.fixture
def things(tmp_path: Path) -> None:
    """What the examples begin with: a run and a folder of trajectories, in the working directory."""
    negosim.generate(negosim.RunConfig(scenarios=("viatex",), max_turns=4), out="finished-run")
    simulate("donation", "trajectories", dialogues=3)


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_the_example_does_what_it_says(function: Callable[..., Any], things: None) -> None:
    if function is not negosim.generate:
        Path("finished-run").rename("my-run")
    (example,) = doctest.DocTestFinder(recurse=False).find(function, function.__name__, globs={})
    assert example.examples
    said: list[str] = []
    doctest.DocTestRunner().run(example, out=said.append, clear_globs=False)
    assert not said, "".join(said)


@pytest.mark.parametrize("function", FUNCTIONS, ids=named)
def test_every_argument_is_explained(function: Callable[..., Any]) -> None:
    explained = inspect.getdoc(function) or ""
    arguments = explained.partition("Args:")[2].partition("Returns:")[0]
    for name in inspect.signature(function).parameters:
        assert f"{name}:" in arguments, name
    assert "Raises:" in explained


@pytest.mark.parametrize(("plain", "twin"), TWINS, ids=lambda function: function.__name__)
def test_twins_take_the_same(plain: Callable[..., Any], twin: Callable[..., Any]) -> None:
    assert inspect.signature(plain) == inspect.signature(twin)


@pytest.mark.parametrize("function", [*(f for twins in TWINS for f in twins), prepare, simulate], ids=named)
def test_a_misspelt_argument_is_a_type_error(function: Callable[..., Any]) -> None:
    required = [
        name
        for name, p in inspect.signature(function).parameters.items()
        if p.default is inspect.Parameter.empty
    ]
    with pytest.raises(TypeError, match="bugdet"):
        function(**dict.fromkeys(required), bugdet=None)


@pytest.mark.filterwarnings("error")
def test_in_a_running_loop_the_twin_is_named() -> None:
    async def notebook() -> None:
        negosim.generate(negosim.RunConfig(scenarios=("viatex",)))

    with pytest.raises(UserError, match=r"await generate_async\(\.\.\.\)"):
        asyncio.run(notebook())
