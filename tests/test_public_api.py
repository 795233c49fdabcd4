"""The public functions: what they take is said, checked and shown by an example that runs."""

import ast
import asyncio
import doctest
import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.engine import predict, predict_async
from negosim.errors import UserError
from negosim.measures import difference, estimate
from negosim.rl import export, imagine, simulate
from negosim.rl.evaluation import evaluate
from negosim.rl.hindsight import regenerate, regenerate_async
from negosim.rl.sources import prepare

TWINS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (negosim.generate, negosim.generate_async),
    (negosim.resume, negosim.resume_async),
    (negosim.judge, negosim.judge_async),
    (predict, predict_async),
    (regenerate, regenerate_async),
]
EXPORTED = [thing for thing in map(vars(negosim).get, negosim.__all__) if inspect.isfunction(thing)]
OTHERS = [prepare, simulate, export, evaluate, imagine, estimate, difference]
FUNCTIONS = [*dict.fromkeys([*(function for twins in TWINS for function in twins), *EXPORTED, *OTHERS])]

CAPTURED = {
    *(f"{name}.{method}" for name in ("Says", "ChatAgent") for method in ("say", "imagine")),
    *(f"{name}Writer.messages" for name in ("Notes", "Observer", "Prompt")),
    *("Asks.ask", "Task.ask", "Item.judged"),
}
"""What takes keywords that are data: what a template is given, and the fields of a judgement."""


def named(function: Callable[..., Any]) -> str:
    return function.__name__


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    config = negosim.RunConfig(scenarios=("viatex",), max_turns=4)
    negosim.generate(config, out=folder / "finished-run")
    simulate("donation", str(folder / "trajectories"), dialogues=3)
    return folder


@pytest.fixture
def things(made: Path) -> None:
    """What the examples begin with: a run and a folder of trajectories, in the working directory."""
    shutil.copytree(made, ".", dirs_exist_ok=True)


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
    assert "Returns:" in explained
    assert "Raises:" in explained or function is negosim.list_runs, "it reads what it can, and raises nothing"


@pytest.mark.parametrize(("plain", "twin"), TWINS, ids=lambda function: function.__name__)
def test_twins_explain_the_same(plain: Callable[..., Any], twin: Callable[..., Any]) -> None:
    first, second = ((inspect.getdoc(one) or "").partition("Args:")[2] for one in (plain, twin))
    assert first.partition("Examples:")[0] == second.partition("Examples:")[0]


def exported() -> Iterator[tuple[str, ast.stmt]]:
    """Yield what packages export and its definition, read from the source: importing all takes seconds."""
    root = Path(negosim.__file__).parent
    folders = [root, *(path for path in root.iterdir() if path.is_symlink() and path.is_dir())]
    for file in (file for folder in folders for file in folder.rglob("__init__.py")):
        public = re.search(
            r"^__all__ = \[(.*?)\]", file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
        )
        names = set(re.findall(r'"(\w+)"', public[1])) if public else set()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and (wanted := names & {alias.name for alias in node.names}):
                source = root.parent.joinpath(*(node.module or "").split(".")).with_suffix(".py")
                body = ast.parse(source.read_text(encoding="utf-8")).body if source.exists() else []
                yield from ((made.name, made) for made in body if getattr(made, "name", None) in wanted)


def functions(name: str, made: ast.stmt) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    if isinstance(made, ast.FunctionDef | ast.AsyncFunctionDef):
        yield name, made
    elif isinstance(made, ast.ClassDef):
        for part in made.body:
            is_function = isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
            if is_function and (part.name == "__init__" or not part.name.startswith("_")):
                yield f"{name}.{part.name}", part


def test_nothing_public_swallows_a_misspelt_keyword() -> None:
    public = {name: function for item in exported() for name, function in functions(*item)}
    assert {"generate", "ModelClient.ask", "regenerate", "train", "Policy.reply"} <= public.keys()
    assert {name for name, function in public.items() if function.args.kwarg is not None} == CAPTURED


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
