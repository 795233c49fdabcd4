"""Registry of code plugins by name: agents, planners, judges, providers, claim checks, rewards, importers.

A plugin comes in by one of two clients:

- an installed package names it in an entry-point group, `negosim.agents`, `negosim.planners`,
  `negosim.judges`, `negosim.providers`, `negosim.claim_checks`, `negosim.rewards` or `negosim.importers`;
  the built-ins are such a package's;
- a decorator registers it in this process, before it is named: `@agent("echo")`.

What each kind must be is said where it is used: `negosim.agents.AgentFactory`, `negosim.engine.Planner`,
`negosim.judging.Judge`, `negosim.models.Provider`, `negosim.judging.ClaimCheck`,
`negosim.rewards.RewardFunction`, `negosim.importing.Importer`.
"""

import hashlib
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from negosim.errors import UserError
from negosim.plugins import suggest

Kind = Literal["agents", "planners", "judges", "providers", "claim_checks", "rewards", "importers"]

KINDS: tuple[Kind, ...] = get_args(Kind)

NOUNS: dict[Kind, str] = {
    "agents": "agent",
    "planners": "planner",
    "judges": "judge",
    "providers": "model provider",
    "claim_checks": "claim check",
    "rewards": "reward function",
    "importers": "importer",
}

Thing = TypeVar("Thing")

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*")


@dataclass(frozen=True)
class Plugin:
    """One registered plugin: its name, and who brought it."""

    kind: Kind
    name: str
    package: str
    """The distribution that brings it, or the module in which a decorator registered it."""
    version: str | None
    """Of the distribution; None where a decorator registered it."""
    load: Callable[[], Any]

    @property
    def origin(self) -> str:
        """Who brought it, in words."""
        return f"module {self.package}" if self.version is None else f"package {self.package} {self.version}"

    @property
    def built_in(self) -> bool:
        """Whether it comes with negosim itself."""
        return self.package == "negosim"


_registered: dict[tuple[Kind, str], Plugin] = {}


def agent(name: str) -> Callable[[Thing], Thing]:
    """Register an agent: what plays a role under this name wherever a model is named.

    Args:
        name: small letters, digits and single hyphens, dots or underscores between them.

    Raises:
        UserError: the name has another form or is taken.

    Examples:
        >>> from negosim.agents import AgentContext, Speech
        >>> from negosim.records import Utterance
        >>> from negosim.registry import agent
        >>> @agent("polite")
        ... class Polite:
        ...     def __init__(self, context: AgentContext) -> None:
        ...         self.model = "polite"
        ...
        ...     async def speak(self, view):
        ...         return Speech(Utterance(text=f"Thank you, {view.turn_index} times.", action="talk"))
        ...
        ...     async def concluded(self, view):
        ...         return view.turn_index > 3

    """
    return _registering("agents", name)


def planner(name: str) -> Callable[[Thing], Thing]:
    """Register a planner: a `negosim.engine.Planner`, or a function that returns one.

    Args:
        name: as for `agent`.

    Raises:
        UserError: the name has another form or is taken.

    """
    return _registering("planners", name)


def judge(name: str) -> Callable[[Thing], Thing]:
    """Register a judge: a class that answers questions as `negosim.judging.Judge` says.

    Args:
        name: as for `agent`.

    Raises:
        UserError: the name has another form or is taken.

    """
    return _registering("judges", name)


def provider(name: str) -> Callable[[Thing], Thing]:
    """Register a model provider: what opens the chat models "name:MODEL" (`negosim.models.Provider`).

    Args:
        name: as for `agent`.

    Raises:
        UserError: the name has another form or is taken.

    """
    return _registering("providers", name)


def claim_check(name: str) -> Callable[[Thing], Thing]:
    """Register a check of claims: a function as `negosim.judging.ClaimCheck` says.

    Args:
        name: as for `agent`.

    Raises:
        UserError: the name has another form or is taken.

    """
    return _registering("claim_checks", name)


def reward(name: str) -> Callable[[Thing], Thing]:
    """Register a reward function: what a dialogue was worth to a role (`negosim.rewards.RewardFunction`).

    Args:
        name: as for `agent`. A scenario names it: `reward: {function: NAME}`.

    Raises:
        UserError: the name has another form or is taken.

    Examples:
        >>> from negosim.registry import reward
        >>> @reward("few-words")
        ... def few_words(context):
        ...     return -sum(len(turn.utterance.text.split()) for turn in context.turns)

    """
    return _registering("rewards", name)


def importer(name: str) -> Callable[[Thing], Thing]:
    """Register an importer: a `negosim.importing.Importer`, for `negosim import --format NAME`.

    Args:
        name: as for `agent`.

    Raises:
        UserError: the name has another form or is taken.

    """
    return _registering("importers", name)


def plugins(kind: Kind) -> dict[str, Plugin]:
    """Return the plugins of a kind by name, those of decorators first. Nothing of them is imported.

    A name that two installed packages bring cannot be loaded: it raises UserError.
    """
    found: dict[str, Plugin] = {}
    for plugin in everything(kind):
        other = found.setdefault(plugin.name, plugin)
        if clash := clash_of(plugin, other):
            found[plugin.name] = replace(other, load=partial(_refuse, clash))
    return found


def _refuse(message: str) -> None:
    raise UserError(message)


def everything(kind: Kind) -> list[Plugin]:
    """Return all plugins of a kind, those of decorators first, also where two bring one name."""
    return [plugin for (of, _), plugin in _registered.items() if of == kind] + list(_installed(kind))


def clash_of(plugin: Plugin, other: Plugin) -> str:
    """Say what is wrong where two installed packages bring one name; "" where nothing is."""
    if (
        other.name != plugin.name
        or other.package == plugin.package
        or None in (other.version, plugin.version)
    ):
        return ""
    both = f"{other.origin} and {plugin.origin}"
    return f"{NOUNS[plugin.kind]} {plugin.name!r} is brought by both {both}; uninstall one"


def has(kind: Kind, name: str) -> bool:
    """Tell whether there is a plugin of a kind and name."""
    return name in plugins(kind)


def load(kind: Kind, name: str) -> Any:
    """Return a plugin's object.

    Raises:
        UserError: there is none of this name, or it cannot be imported; says who brought it and why.

    """
    known = plugins(kind)
    if name not in known:
        raise UserError(f"no {NOUNS[kind]} {name!r}; {suggest(name, known)}")
    return made(kind, name, known[name].load)


def made(kind: Kind, name: str, make: Callable[[], Thing]) -> Thing:
    """Return what a plugin's code makes.

    Raises:
        UserError: it fails; says who brought it and why.

    """
    try:
        return make()
    except UserError:
        raise
    except Exception as error:
        whose, what = plugins(kind)[name].origin, f"{type(error).__name__}: {error}"
        raise UserError(
            f"{NOUNS[kind]} {name!r} of {whose} cannot be loaded ({what}); repair or uninstall it"
        ) from error


def misfit(kind: Kind, name: str, thing: object, wanted: str) -> UserError:
    """Return the error that a plugin's object is not what its kind must be.

    Args:
        kind: what it was loaded as.
        name: its name.
        thing: what was loaded.
        wanted: what it must be, in words.

    """
    whose = plugins(kind)[name].origin
    return UserError(f"{NOUNS[kind]} {name!r} of {whose} is {thing!r:.80}; it must be {wanted}")


def identity(kind: Kind, name: str) -> str | None:
    """Return what tells a foreign plugin from another version of it; None for what comes with negosim.

    It names the package, its version, and a hash of the source of the module that defines the plugin.
    """
    plugin = plugins(kind)[name]
    return None if plugin.built_in else f"{plugin.origin}, {code_hash(load(kind, name))}"


def code_hash(thing: Any) -> str:
    """Return a hash of the source of the module that defines a thing, "no source" where there is none."""
    home = sys.modules.get(getattr(thing, "__module__", None) or type(thing).__module__)
    try:
        file = inspect.getsourcefile(home) if home is not None else None
    except TypeError:
        file = None
    if file is None or not Path(file).is_file():
        return "no source"
    return f"sha256:{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]}"


def _registering(kind: Kind, name: str) -> Callable[[Thing], Thing]:
    if not _NAME.fullmatch(name):
        raise UserError(
            f"{name!r} cannot name {NOUNS[kind]}s; use small letters, digits and single hyphens: 'my-own'"
        )

    def register(thing: Thing) -> Thing:
        module = getattr(thing, "__module__", None) or type(thing).__module__
        known = plugins(kind).get(name)
        if known is not None and known.package != module:
            raise UserError(
                f"{NOUNS[kind]} {name!r} is there already, from {known.origin}; choose another name"
            )
        _registered[kind, name] = Plugin(kind, name, module, None, lambda: thing)
        return thing

    return register


@cache
def _installed(kind: Kind) -> tuple[Plugin, ...]:
    return tuple(_plugin(kind, point) for point in entry_points(group=f"negosim.{kind}"))


def _plugin(kind: Kind, point: EntryPoint) -> Plugin:
    package, version = (point.dist.name, point.dist.version) if point.dist else (point.value, "unknown")
    return Plugin(kind, point.name, package, version, point.load)
