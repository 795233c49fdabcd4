"""Configuration of a run, made from the options of the command line."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from pydantic import ValidationError

from negosim.cli.options import MODEL_SETTINGS, with_settings
from negosim.config import RunConfig
from negosim.models import Budget
from negosim.records import Condition
from negosim.scenarios import Scenario, SpeakingOrder, list_scenarios, load_scenario
from negosim.traits import read_choices

BARE_DECEPTIVE = "2"
"""What `--deceptive` means without a value: agent 2 deceives, as in the method's report."""

COMPOSED = {
    "scenarios": {"scenario"},
    "conditions": {"deceptive", "both_conditions"},
    "models": {"model", "agent1_model", "agent2_model", "model_for", *MODEL_SETTINGS},
    "judge_model": {"judge_model", *MODEL_SETTINGS},
    "trait_lists": {"trait_list"},
}
"""Fields of a configuration that are made from options of other names."""


def configuration(options: dict[str, Any]) -> RunConfig:
    """Return the configuration that options ask for."""
    settings = {name: options[name] for name in MODEL_SETTINGS}
    judge = options["judge_model"]
    models = _models(options["scenario"], options["model"] or "sim", _players(options))
    named = [*models, *([judge] if judge else [])]
    named = with_settings(named, **settings)
    composed: dict[str, Any] = {
        "scenarios": tuple(options["scenario"]),
        "conditions": _conditions(options["deceptive"], options["scenario"], both=options["both_conditions"]),
        "models": tuple(named[: len(named) - bool(judge)]),
        "judge_model": named[-1] if judge else None,
        "primary": tuple(options["primary"] or ()),
        "prompts": None if options["prompts"] is None else str(options["prompts"]),
    }
    composed["traits"] = _traits(options.get("traits") or ())
    if options.get("trait_list"):
        composed["trait_lists"] = tuple(options["trait_list"])
    if isinstance(options["order"], str):
        composed["order"] = _order(options["order"])
    same = {field: options[field] for field in RunConfig.model_fields if field in options.keys() - composed}
    return RunConfig(**composed, **same)


def claimed(stored: RunConfig, options: dict[str, Any], given: set[str]) -> RunConfig:
    """Return what a stored configuration would be with the options that were `given`."""
    asked = configuration({**options, "scenario": options["scenario"] or stored.scenarios})
    fields = [field for field in type(stored).model_fields if COMPOSED.get(field, {field}) & given]
    return stored.model_copy(update={field: getattr(asked, field) for field in fields})


def _traits(given: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(read_choices(list(given)))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--traits") from None


def _order(given: str) -> SpeakingOrder:

    try:
        return SpeakingOrder.model_validate(given)
    except ValidationError:
        what = f"{given!r} is no order; write round_robin, random or chair:ROLE, with a role's id"
        raise typer.BadParameter(what, param_hint="--order") from None


def _conditions(deceptive: str | None, scenarios: Sequence[str], *, both: bool) -> tuple[Condition, ...]:

    if both and deceptive == "none":
        raise typer.BadParameter("with --both-conditions somebody has to deceive", param_hint="--deceptive")
    told = condition_of(deceptive or (BARE_DECEPTIVE if both else "none"), scenarios)
    return (Condition(), told) if both else (told,)


def condition_of(deceptive: str, scenarios: Sequence[str]) -> Condition:
    """Return the condition that a value of `--deceptive` names: "none", "both", "all", "2", "1,3"."""
    if deceptive == "none":
        return Condition()
    if deceptive == "both":
        return Condition(deceptive=(0, 1))
    if deceptive == "all":
        counts = sorted({len(scenario.roles) for scenario in _loaded(scenarios)})
        if len(counts) > 1:
            raise typer.BadParameter(
                f"the scenarios have {' or '.join(map(str, counts))} roles; name the agents, as in 1,2",
                param_hint="--deceptive",
            )
        return Condition(deceptive=tuple(range(counts[0])))
    agents = deceptive.replace("-", ",").split(",")
    if all(agent.isdecimal() and int(agent) > 0 for agent in agents):
        return Condition(deceptive=tuple(sorted({int(agent) - 1 for agent in agents})))
    raise typer.BadParameter(
        f"{deceptive!r} is not one of 1, 2, both, all, none, nor several agents, as in 1,3",
        param_hint="--deceptive",
    )


def _players(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the models that are given to single roles, by the role's id or number from 1."""
    given = [(str(agent), options[f"agent{agent}_model"]) for agent in (1, 2)]
    for entry in options.get("model_for") or ():
        role, between, model = entry.partition("=")
        if not (role and between and model):
            raise typer.BadParameter(f"{entry!r}: write ROLE=MODEL, as in 3=sim", param_hint="--model-for")
        given.append((role, model))
    return {role: model for role, model in given if model is not None}


def _models(references: Sequence[str], base: str, players: Mapping[str, str]) -> tuple[str, ...]:
    """Return one model for all roles, or one for each."""
    if not players:
        return (base,)
    scenarios = _loaded(references)
    models: list[str | None] = [None] * max(len(scenario.roles) for scenario in scenarios)
    for role, model in players.items():
        position = _position(role, scenarios)
        if models[position] is not None:
            raise typer.BadParameter(f"agent {position + 1} is given two models", param_hint="--model-for")
        models[position] = model
    return tuple(model or base for model in models)


def _loaded(references: Sequence[str]) -> "list[Scenario]":

    return [load_scenario(name) for name in (list_scenarios() if "all" in references else references)]


def _position(role: str, scenarios: Sequence[Scenario]) -> int:
    """Return the position of a role that is named by number from 1, or by its id in every scenario."""
    most = max(len(scenario.roles) for scenario in scenarios)
    if role.isdecimal():
        if 1 <= int(role) <= most:
            return int(role) - 1
        raise typer.BadParameter(
            f"there is no agent {role}; there are 1 to {most}", param_hint=f"--agent{role}-model"
        )
    found = {scenario.role_index.get(role) for scenario in scenarios}
    (position, *others) = found
    if position is None or others:
        lacking = next((one for one in scenarios if role not in one.role_index), scenarios[0])
        raise typer.BadParameter(
            f"{role!r} is not the same role in every scenario; {lacking.id!r} has "
            f"{', '.join(lacking.role_index)}, which numbers from 1 name as well",
            param_hint="--model-for",
        )
    return position


def budget_of(usd: float | None, tokens: int | None) -> Budget | None:
    """Return the budget that the options set, None if they set none."""
    return None if usd is None and tokens is None else Budget(usd=usd, tokens=tokens)
