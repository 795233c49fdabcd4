"""Planners: how a turn is thought through, as stages of the dialogue graph.

What a planner is stands here, below the graph that plays it; the built-in planners are plugins like any
other and live in `negosim.planners`.
"""

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from negosim import registry
from negosim._files import first_error
from negosim.agents import RollsOut, Thinks
from negosim.config import Calls
from negosim.engine._state import Deliberation, DialogueContext, Participant
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.views import View

Run = Callable[[Deliberation, Participant, DialogueContext], Awaitable[Deliberation]]


RESERVED = ("vote", "history", "deliberation")
"""What else has a name in the dialogue graph."""


def _nothing(view: View) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class StagePrompt:
    """What a stage asks a chat model."""

    template: str
    """Name of the prompt template."""
    answer: str
    """The form of the answer: its fields, in their order."""
    calls: str = "1"
    """How often it is asked in a turn, in K and the planner's own settings."""
    sample: Callable[[View], Mapping[str, Any]] = field(default=_nothing, compare=False)
    """Returns values with which the template is shown and checked before a run begins."""


@dataclass(frozen=True)
class PlannerStage:
    """One stage of a turn, a node of the dialogue graph."""

    name: str
    """What the graph, failures and the account call it."""
    run: Run
    """Gets what the stages before it made of the turn, who speaks, and the dialogue's context; returns
    what it adds. `turn["view"]` is what the speaker sees. A stage that speaks returns `speech` besides."""
    needs: type | tuple[type, ...] | None = None
    """The capability it needs of the agent, a protocol of `negosim.agents`; of several, any one."""
    prompts: tuple[StagePrompt, ...] = ()
    """What it asks a chat model; an embedded participant answers in code."""
    again: Callable[[Deliberation], bool] | None = None
    """Where the stage is a loop: tells, of what it left, whether it is taken again."""


class PlannerSettings(BaseModel):
    """Settings of a planner, given behind its name: "gdp-zero:n=10,c=1". A planner derives its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def identity(self) -> dict[str, str]:
        """Return what tells the files that the settings name from other ones; part of the fingerprint.

        Raises:
            UserError, ValueError: something they name cannot be used.

        """
        return {}


@dataclass(frozen=True)
class Planner:
    """How a turn is thought through. The last stage leaves `view` and `speech` behind.

    Examples:
        >>> from negosim.planners import SPEAK, THINK, Planner
        >>> from negosim.registry import planner
        >>> quick = planner("quick")(Planner((THINK, SPEAK), about="candidates in one call, none judged"))
        >>> [stage.name for stage in quick.chain("separate")]
        ['think', 'speak']

    """

    stages: tuple[PlannerStage, ...]
    """In their order."""
    about: str = ""
    """What it does, in a line."""
    fused: tuple[PlannerStage, ...] = ()
    """The stages with fused calls; none: the same ones."""
    combined: tuple[PlannerStage, ...] = ()
    """The stages with combined calls; none: the same ones."""
    templates: tuple[str, ...] = ()
    """Names of prompt templates that its stages use without declaring them."""
    source: str = ""
    """The work it follows."""
    picks: int = 0
    """How many tactics it needs to choose from, besides the K that rollouts take."""
    settings: type[PlannerSettings] = PlannerSettings
    """What can be set behind its name."""

    def chain(self, calls: Calls) -> tuple[PlannerStage, ...]:
        """Return the stages of a turn."""
        return {"fused": self.fused, "combined": self.combined}.get(calls, ()) or self.stages

    @property
    def own_templates(self) -> tuple[str, ...]:
        """The templates of its stages; part of the fingerprint."""
        stages = (*self.stages, *self.combined, *self.fused)
        declared = [prompt.template for stage in stages for prompt in stage.prompts]
        return tuple(dict.fromkeys((*self.templates, *declared)))


def planner_of(name: str) -> Planner:
    """Return a planner by name, with settings behind it or not.

    Raises:
        UserError: there is none, or it is no planner.

    """
    name = planner_name(name)
    found = registry.load("planners", name)
    if callable(found) and not isinstance(found, Planner):
        found = registry.made("planners", name, found)
    if not isinstance(found, Planner) or not found.stages:
        raise registry.misfit("planners", name, found, "a negosim.engine.Planner with stages")
    for chain in (found.stages, found.combined, found.fused):
        _check_chain(name, chain)
    return found


def _check_chain(name: str, chain: tuple[PlannerStage, ...]) -> None:
    names = Counter(stage.name for stage in chain)
    for stage in chain:
        if names[stage.name] > 1 or stage.name in RESERVED or stage.name[:2] in ("", "__"):
            wrong = f"twice a stage {stage.name!r}" if names[stage.name] > 1 else f"a stage {stage.name!r}"
            taken = ", ".join(map(repr, RESERVED))
            raise UserError(f"planner {name!r} has {wrong}; give each a name of its own, none of {taken}")
        if not (
            inspect.iscoroutinefunction(stage.run) or inspect.iscoroutinefunction(type(stage.run).__call__)
        ):
            raise UserError(f"planner {name!r}: stage {stage.name!r} runs no async function; write async def")


def planner_name(text: str) -> str:
    """Return the name alone of a planner given with settings."""
    return text.partition(":")[0]


def weighs(text: str) -> bool:
    """Tell whether a planner weighs K tactics against each other."""
    planner = planner_of(text)
    return any(stage.needs in (RollsOut, Thinks) for stage in (*planner.stages, *planner.fused))


def settings_of(text: str) -> PlannerSettings:
    """Read the settings behind a planner's name: "gdp-zero:n=10,k=3".

    Raises:
        UserError: one is unknown, given twice, or its value does not fit.

    Examples:
        >>> settings_of("gdp-zero:n=5").n
        5

    """
    name, mark, given = text.partition(":")
    kind = planner_of(name).settings
    values: dict[str, str] = {}
    for part in given.split(",") if mark else ():
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise UserError(f"planner {text!r}: {part!r} is no setting; write {name}:NAME=VALUE")
        if key not in kind.model_fields:
            known = suggest(key, kind.model_fields) if kind.model_fields else "it has none."
            raise UserError(f"planner {name!r} has no setting {key!r}; {known}")
        if key in values:
            raise UserError(f"planner {text!r} sets {key!r} twice; set it once")
        values[key] = value
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise UserError(f"planner {text!r}: {first_error(error)}") from None


def settings_identity(text: str) -> dict[str, str]:
    """Return what tells the files that a planner's settings name from other ones.

    Raises:
        UserError: the settings are wrong, or what they name cannot be used.

    """
    settings = settings_of(text)
    try:
        return settings.identity()
    except (UserError, ValueError) as error:
        raise UserError(f"planner {text!r}: {error}") from None


async def speak(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Say the public utterance."""
    speech = await participant.agent.speak(turn["view"])
    return {"view": replace(turn["view"], draft=speech.utterance), "speech": speech}


SPEAK = PlannerStage("speak", speak, prompts=(StagePrompt("speak", "move, utterance"),))
"""The stage that speaks: all that self-directed agents are asked."""
