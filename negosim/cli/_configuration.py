"""Configuration of a run, made from the options of the command line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import typer

from negosim.cli._options import with_settings

if TYPE_CHECKING:
    from negosim.config import RunConfig
    from negosim.models import Budget
    from negosim.records import Condition

BARE_DECEPTIVE = "2"
"""What `--deceptive` means without a value: agent 2 deceives, as in the method's report."""

MODEL_SETTINGS = ("temperature", "max_tokens", "model_seed", "timeout")
"""Options that hold for every language model of a command."""

COMPOSED = {
    "scenarios": {"scenario"},
    "conditions": {"deceptive", "both_conditions"},
    "models": {"model", "agent1_model", "agent2_model", *MODEL_SETTINGS},
    "judge_model": {"judge_model", *MODEL_SETTINGS},
}
"""Fields of a configuration that are made from options of other names."""


def configuration(options: dict[str, Any]) -> "RunConfig":
    """Return the configuration that options ask for."""
    from negosim.config import RunConfig

    players = options["model"] or "sim", options["agent1_model"], options["agent2_model"]
    settings = {name: options[name] for name in MODEL_SETTINGS}
    judge = options["judge_model"]
    named = [*_models(options["scenario"], *players), *([judge] if judge else [])]
    named = with_settings(named, **settings)
    composed: dict[str, Any] = {
        "scenarios": tuple(options["scenario"]),
        "conditions": _conditions(options["deceptive"], both=options["both_conditions"]),
        "models": tuple(named[: len(named) - bool(judge)]),
        "judge_model": named[-1] if judge else None,
        "prompts": None if options["prompts"] is None else str(options["prompts"]),
    }
    same = {field: options[field] for field in RunConfig.model_fields if field in options.keys() - composed}
    return RunConfig(**composed, **same)


def claimed(stored: "RunConfig", options: dict[str, Any], given: set[str]) -> "RunConfig":
    """Return what a stored configuration would be with the options that were `given`."""
    asked = configuration({**options, "scenario": options["scenario"] or stored.scenarios})
    fields = [field for field in type(stored).model_fields if COMPOSED.get(field, {field}) & given]
    return stored.model_copy(update={field: getattr(asked, field) for field in fields})


def _conditions(deceptive: str | None, *, both: bool) -> "tuple[Condition, ...]":
    from negosim.records import Condition

    if both and deceptive == "none":
        raise typer.BadParameter("with --both-conditions somebody has to deceive", param_hint="--deceptive")
    told = condition_of(deceptive or (BARE_DECEPTIVE if both else "none"))
    return (Condition(), told) if both else (told,)


def condition_of(deceptive: str) -> "Condition":
    """Return the condition that a value of `--deceptive` names."""
    from negosim.records import Condition

    if deceptive == "none":
        return Condition()
    if deceptive == "both":
        return Condition(deceptive=(0, 1))
    if deceptive.isdecimal() and int(deceptive) > 0:
        return Condition(deceptive=(int(deceptive) - 1,))
    raise typer.BadParameter(f"{deceptive!r} is not one of 1, 2, both, none", param_hint="--deceptive")


def _models(references: Sequence[str], base: str, first: str | None, second: str | None) -> tuple[str, ...]:
    """Return one model for all roles, or one for each."""
    from negosim.scenarios import list_scenarios, load_scenario

    if first is None and second is None:
        return (base,)
    names = list_scenarios() if "all" in references else references
    roles = max(len(load_scenario(name).roles) for name in names)
    return (first or base, second or base, *[base] * (roles - 2))


def budget_of(usd: float | None, tokens: int | None) -> "Budget | None":
    """Return the budget that the options set, None if they set none."""
    from negosim.models import Budget

    return None if usd is None and tokens is None else Budget(usd=usd, tokens=tokens)
