"""Imports between rooms go one way, and a room's private names stay in it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import negosim

ROOMS = (
    ("errors", "_quantities", "_checksum", "_csv", "speech", "_text", "_frozen", "_fields", "_files"),
    ("_reading", "_loop", "plugins", "registry", "seeding", "logs"),
    ("scenarios", "taxonomies", "traits", "_html", "records"),
    ("table", "order", "outcome", "rewards", "views"),
    ("models", "prompts", "config", "store", "cluster"),
    ("agents", "measures", "judging", "engine", "importing", "gnome", "planners", "study"),
    ("terminal", "reports", "rl", "web", "cli", "__main__", ""),
)
"""What may be imported: each room only from those before it, in order; "" is the package itself."""

ORDER = [room for line in ROOMS for room in line]

UPWARD = {("agents", "rl")}
"""A policy that plays a role is loaded by the agent that speaks for it."""


CLOSED = {("negosim", "agents", "sim"), ("negosim", "agents", "users")}
"""Packages of whose modules only their room knows: none has an underscore, others import from the package."""


@dataclass(frozen=True)
class Import:
    """One import statement of one name, wherever in a module it stands."""

    module: tuple[str, ...]
    target: tuple[str, ...]
    line: int
    typing: bool

    def __str__(self) -> str:
        return f"{'.'.join(self.module)}, line {self.line}: {'.'.join(self.target)}"


def _statements(node: ast.AST, typing: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, typing
        else:
            only = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
            yield from _statements(child, typing or only)


def imports_of(module: tuple[str, ...], source: str) -> Iterator[Import]:
    """Yield what a module imports from negosim."""
    for statement, typing in _statements(ast.parse(source), False):
        if isinstance(statement, ast.Import):
            names = [alias.name for alias in statement.names]
        else:
            assert statement.level == 0, f"{'.'.join(module)}: a relative import"
            names = [f"{statement.module}.{alias.name}" for alias in statement.names]
        for name in names:
            target = tuple(name.split("."))
            if target[0] == "negosim":
                yield Import(module, target, statement.lineno, typing)


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    root = Path(negosim.__file__).parent
    folders = [root, *(path for path in root.iterdir() if path.is_symlink() and path.is_dir())]
    found: list[Import] = []
    for folder in folders:
        for file in folder.rglob("*.py"):
            parts = file.relative_to(root).with_suffix("").parts
            module = ("negosim", *(parts[:-1] if parts[-1] == "__init__" else parts))
            found += imports_of(module, file.read_text(encoding="utf-8"))
    assert len({item.module for item in found}) > 300
    return found


def room(name: tuple[str, ...]) -> str:
    """Return the room of a module or of an imported name; "" is the package itself."""
    return name[1] if len(name) > 1 and name[1] in ORDER else ""


def home(name: tuple[str, ...]) -> str:
    """Return the part of negosim in which all may know of each other: a room; of rl, each part is one."""
    return ".".join(name[1 : 3 if name[1:2] == ("rl",) else 2])


def crossings(imports: list[Import]) -> list[Import]:
    """Return the imports that go up."""
    return [
        item
        for item in imports
        if not item.typing
        and (room(item.module), room(item.target)) not in UPWARD
        and ORDER.index(room(item.target)) > ORDER.index(room(item.module))
    ]


def intrusions(imports: list[Import]) -> list[Import]:
    """Return the imports of what is private to another room; parts of rl are rooms of their own."""
    wrong = []
    for item in imports:
        private = [place for place, part in enumerate(item.target) if part[:1] == "_" and part[:2] != "__"]
        if item.target[:3] in CLOSED and len(item.target) > 4:
            private.append(3)
        if not private:
            continue
        owner = item.target[: private[0]]
        if item.module[: len(owner)] != owner and home(item.module) != home(owner):
            wrong.append(item)
    return wrong


def test_imports_go_one_way(imports: list[Import]) -> None:
    assert [str(item) for item in crossings(imports)] == []


def test_private_names_stay_in_their_room(imports: list[Import]) -> None:
    assert [str(item) for item in intrusions(imports)] == []


@pytest.mark.parametrize(
    ("source", "goes_up", "intrudes"),
    [
        ("from negosim.agents import Agent", True, False),
        ("def f():\n    import negosim.agents.sim", True, False),
        ("from negosim import agents", True, False),
        ("if TYPE_CHECKING:\n    from negosim.agents import Agent", False, False),
        ("from negosim.scenarios._space import DealSpace", False, True),
        ("from negosim.scenarios import _space", False, True),
        ("from negosim._text import money", False, False),
        ("from negosim.store._run import Run", False, False),
        ("from negosim.agents.sim import SimAgent", True, False),
        ("from negosim.agents.sim.plan import TurnPlan", True, True),
        ("import pathlib", False, False),
    ],
)
def test_what_counts_as_wrong(source: str, goes_up: bool, intrudes: bool) -> None:
    found = list(imports_of(("negosim", "store", "_list"), source))
    assert (bool(crossings(found)), bool(intrusions(found))) == (goes_up, intrudes)


def test_a_class_name_stands_in_one_module() -> None:
    root, places = Path(negosim.__file__).parent, dict[str, set[str]]()
    folders = [root, *(path for path in root.iterdir() if path.is_symlink() and path.is_dir())]
    for file in (file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, set()).add(str(file.relative_to(root)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
