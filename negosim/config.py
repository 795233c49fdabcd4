"""The configuration of a run: resolved, immutable, and all that its dialogues are made from."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from negosim._frozen import Frozen, empty
from negosim.models import GivenModel, is_one_model, name_of
from negosim.plugins import anchored
from negosim.records import Condition
from negosim.scenarios import Scenario, SpeakingOrder, list_scenarios
from negosim.traits import read_choices

__all__ = ["SAFETY_STOP", "Calls", "JudgeForm", "JudgeView", "Objective", "RunConfig", "Votes"]

Objective = Literal["joint", "own"]
"""What the rollout judge scores: the expected value of all sides together, or of the speaker alone."""

JudgeView = Literal["own", "oracle"]
"""What the rollout judge sees: the speaker's information only, or every brief (for study)."""

Calls = Literal["separate", "combined", "fused"]
"""Whether each stage is a call of its own, reflection and tactics are one, or these and the rollouts."""


JudgeForm = Literal["score", "compare"]
"""What the rollout judge is asked for: a score for each candidate, or first their order."""

Votes = Literal["when-over", "always"]
"""When the roles are asked whether they have concluded: after a round that leaves a deal, or that was
without progress and not among the first; or after every round."""


def _whole(path: str) -> str:
    return os.path.abspath(os.path.expanduser(path))


def _path_text(path: Any) -> Any:
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def _several(given: Any) -> Any:
    """Return one thing as several: people write `scenarios="viatex"`."""
    return (given,) if isinstance(given, Condition) or is_one_model(given) else given


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Name none twice."""
    return tuple(dict.fromkeys(names))


def _with_all(references: tuple[str, ...]) -> tuple[str, ...]:
    """Put the ids of all scenarios that can be found in the place of "all"; name none twice."""
    named = [name for given in references for name in (list_scenarios() if given == "all" else [given])]
    return tuple(dict.fromkeys(named))


def _usual_lists(given: Any) -> bool:
    return bool(given == TRAIT_LISTS)


Reference = Annotated[str, AfterValidator(anchored)]
"""An id or a path; a path is kept whole, so that a run can be resumed from anywhere."""

ModelName = Annotated[str, BeforeValidator(name_of)]

TACTICS = "persuasion"
"""Taxonomy of tactics where neither the run nor the scenario names one."""

DEFAULT_CAP = 30
"""Cap on utterances where neither the run nor the scenario says one."""

TRAIT_LISTS = ("courtroom", "big-five")
"""Lists that traits are looked for in where a run names none."""

SAFETY_STOP = 200
"""Utterances after which a dialogue of the unrestricted mode (`max_turns` 0) is stopped."""


class RunConfig(Frozen):
    """Everything that decides what a run's dialogues are.

    Where several things can be given, one may stand alone, and a list will do as well as a tuple.

    Raises:
        pydantic.ValidationError: a field is unknown, or its value does not fit; names the field.

    Examples:
        >>> from negosim import ModelSpec, RunConfig
        >>> config = RunConfig(
        ...     scenarios="all", conditions=["honest", "deceptive-2"], models=ModelSpec.parse("sim"), seed=7
        ... )
        >>> [condition.name for condition in config.conditions]
        ['honest', 'deceptive-2']

    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    scenarios: Annotated[
        tuple[Reference, ...], BeforeValidator(_several), AfterValidator(_with_all), Field(min_length=1)
    ]
    """Ids or paths of scenarios; "all" is every one that can be found."""
    dialogues: Annotated[int, Field(ge=1)] = 1
    """Dialogues for each scenario, condition and assignment of models."""
    conditions: Annotated[tuple[Condition, ...], BeforeValidator(_several), Field(min_length=1)] = (
        Condition(),
    )
    """Who may lie: "honest", "deceptive-2", "deceptive-1-2"; each dialogue is made under each of them."""
    seed: Annotated[int, Field(ge=-(2**63), le=2**63 - 1)] = 0
    """The same seed makes the same dialogues, given the same answers of models. Negative seeds are those of
    evaluations: their simulated users are in no run with another seed from 0 on."""
    models: Annotated[tuple[ModelName, ...], BeforeValidator(_several), Field(min_length=1)] = ("sim",)
    """What plays: one for all roles, or one for each role in the scenario's order; names, `ModelSpec`s
    with settings, or chat models of LangChain's (`ChatOpenAI(...)`)."""
    judge_model: ModelName | None = None
    """The rollout judge's model; None: each speaker's own."""
    swap_roles: bool = False
    """Whether every dialogue is played again with the models' roles exchanged, until each had every role."""
    planner: str = "rollout"
    """How a turn is thought through: best of K rollouts, a reflection alone ("reflect"), one call
    ("direct"), or a plugin's planner."""
    k: Annotated[int, Field(ge=1)] = 3
    """Rollouts a turn."""
    calls: Calls = "separate"
    """A call for each stage, or one for reflection and tactics together ("combined"), or for these and the
    rollouts ("fused")."""
    votes: Votes = "when-over"
    """When the roles are asked whether they have concluded: where the talk can be over ("when-over": a deal,
    or a round without progress after the first two), or after every round ("always")."""
    objective: Objective = "joint"
    """What the rollout judge scores: the value of all sides, or the speaker's ("own")."""
    judge_view: JudgeView = "own"
    """What the rollout judge sees: the speaker's side only, or every brief ("oracle", for study)."""
    judge_form: JudgeForm = "score"
    """What a chat model is asked for as the rollout judge: a score for each candidate ("score"), or first
    their order, the best first ("compare"), which decides between equal scores."""
    max_turns: Annotated[int, Field(ge=0)] | None = None
    """Cap on utterances; 0 is unrestricted up to `SAFETY_STOP`, None as the scenario says, else 30."""
    opener: str | None = None
    """Id of the role that speaks first, or its number from 1; None: the scenario's own choice."""
    order: SpeakingOrder | None = None
    """Who speaks after whom: "round_robin", "random" or "chair:ROLE"; None: as the scenario says."""
    tactics: Reference | None = None
    """Taxonomy the tactics come from; None: each scenario's own, else "persuasion"."""
    techniques: Reference = "deception"
    """Taxonomy the deceptive condition shows to the reflection."""
    traits: Annotated[tuple[str, ...], BeforeValidator(read_choices), Field(exclude_if=empty)] = ()
    """What dispositions roles have: "1=quantitative,charismatic", "2=draw:calm*3/anxious" (drawn for each
    dialogue), "all=sweep:1-of-courtroom" (each dialogue once with each); see docs/traits.md."""
    trait_lists: Annotated[
        tuple[Reference, ...], BeforeValidator(_several), Field(min_length=1, exclude_if=_usual_lists)
    ] = TRAIT_LISTS
    """Ids or paths of the lists that traits are looked for in."""
    prompts: Annotated[str, BeforeValidator(_path_text), AfterValidator(_whole)] | None = None
    """Folder of prompt templates that override the built-in ones."""
    primary: Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_once)] = ()
    """Primary outcomes, declared before anything is made: columns of `negosim.measures.dialogue_rows` or ids
    of questions to judges. Reports correct over them, and call all else exploratory."""
    concurrency: Annotated[int, Field(ge=1)] = 1
    """Dialogues at once; does not change what they say."""

    def cap(self, scenario: Scenario) -> int:
        """Return the cap on utterances in a scenario; 0 is unrestricted."""
        return scenario.max_turns or DEFAULT_CAP if self.max_turns is None else self.max_turns

    def tactics_in(self, scenario: Scenario) -> str:
        """Return the taxonomy that the tactics of a scenario come from, by id or path."""
        return self.tactics or scenario.tactics or TACTICS

    def players(self, scenario: Scenario) -> tuple[str, ...]:
        """Return what plays each role of a scenario, by position: one model plays all."""
        roles = len(scenario.roles)
        return self.models[:roles] if len(self.models) > 1 else self.models * roles

    if TYPE_CHECKING:
        # What may be given is wider than what is kept; type checkers learn it here.
        def __init__(
            self,
            *,
            scenarios: str | Sequence[str],
            dialogues: int = 1,
            conditions: str | Condition | Sequence[str | Condition] = "honest",
            seed: int = 0,
            models: GivenModel | Sequence[GivenModel] = "sim",
            judge_model: GivenModel | None = None,
            swap_roles: bool = False,
            planner: str = "rollout",
            k: int = 3,
            calls: Calls = "separate",
            votes: Votes = "when-over",
            objective: Objective = "joint",
            judge_view: JudgeView = "own",
            judge_form: JudgeForm = "score",
            max_turns: int | None = None,
            opener: str | None = None,
            order: str | SpeakingOrder | None = None,
            tactics: str | None = None,
            techniques: str = "deception",
            traits: str | Sequence[str] | Mapping[str | int, str | Sequence[str]] = (),
            trait_lists: str | Sequence[str] = TRAIT_LISTS,
            prompts: str | os.PathLike[str] | None = None,
            primary: str | Sequence[str] = (),
            concurrency: int = 1,
        ) -> None: ...
