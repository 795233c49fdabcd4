"""What a configuration asks for: the list of dialogues, and the parts they need, resolved and checked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from negosim.config import RunConfig
from negosim.errors import UserError
from negosim.models import ModelSpec
from negosim.plugins import suggest
from negosim.prompts import Prompts
from negosim.records import Condition
from negosim.scenarios import Scenario, load_scenario
from negosim.seeding import Seed
from negosim.taxonomies import Taxonomy, load_taxonomy
from negosim.views import Side, side_of


@dataclass(frozen=True)
class Job:
    """One dialogue to be made."""

    id: str
    scenario: str
    condition: Condition
    index: int
    models: tuple[str, ...]
    """By role, as given."""


@dataclass(frozen=True)
class Plan:
    """A configuration with everything it names loaded and checked."""

    config: RunConfig
    scenarios: Mapping[str, Scenario]
    tactics: Taxonomy
    techniques: Taxonomy
    prompts: Mapping[str, Prompts]
    jobs: tuple[Job, ...]
    specs: Mapping[str, ModelSpec]
    """Every model to be opened, by the name given."""

    def side(self, job: Job, role: int) -> Side:
        """Return what one role of a job knows before the first word."""
        scenario = self.scenarios[job.scenario]
        return side_of(
            scenario,
            role,
            deceptive=role in job.condition.deceptive,
            opener=opener_of(self.config, scenario),
            max_turns=self.config.max_turns,
            tactics=self.tactics,
            techniques=self.techniques,
            seed=Seed(self.config.seed, scenario.id, job.index),
        )


def resolve(config: RunConfig, provided: Collection[str] = ()) -> Plan:
    """Load everything a configuration names and list its dialogues.

    `provided` names the models the caller brings as objects.

    Raises:
        UserError: something named does not exist or does not fit; nothing has been written yet.

    """
    scenarios: dict[str, Scenario] = {}
    for reference in config.scenarios:
        scenario = load_scenario(reference)
        if scenarios.get(scenario.id, scenario) != scenario:
            raise UserError(
                f"two different scenarios are called {scenario.id!r}; give one of them another id"
            )
        scenarios[scenario.id] = scenario
    tactics, techniques = load_taxonomy(config.tactics), load_taxonomy(config.techniques)
    prompts = {name: Prompts(name, config.prompts) for name in scenarios}
    named = {*config.models, *([config.judge_model] if config.judge_model else [])}
    specs = {name: ModelSpec.parse(name) for name in sorted(named - set(provided))}
    for spec in specs.values():
        _check_policy(config, spec)
    for scenario in scenarios.values():
        _check_fit(config, scenario, tactics)
    return Plan(config, scenarios, tactics, techniques, prompts, tuple(_jobs(config, scenarios)), specs)


def plan(config: RunConfig) -> tuple[Job, ...]:
    """List the dialogues a configuration asks for, in the order they are made.

    Raises:
        UserError: something named does not exist or does not fit.

    """
    return resolve(config).jobs


def _check_policy(config: RunConfig, spec: ModelSpec) -> None:
    """Refuse a folder that holds no policy, and asking a policy for thoughts."""
    if spec.kind != "policy":
        return
    if config.planner != "direct":
        raise UserError(f"{spec.name} only speaks; use --planner direct, not {config.planner}")
    from negosim.rl.policy import read_policy_card

    read_policy_card(spec.target)


def _check_fit(config: RunConfig, scenario: Scenario, tactics: Taxonomy) -> None:
    count = len(scenario.roles)
    if len(config.models) not in (1, count):
        raise UserError(
            f"{len(config.models)} models do not fit {scenario.id!r}, which has {count} roles; "
            f"give one or {count}"
        )
    if config.swap_roles and len(set(config.models)) < 2:
        raise UserError("swapping roles needs two different models; give --agent1-model and --agent2-model")
    for condition in config.conditions:
        for role in condition.deceptive:
            if not 0 <= role < count:
                raise UserError(
                    f"{scenario.id!r} has {count} roles; there is no agent {role + 1} to be deceptive"
                )
        usable = tactics.usable(deceptive=False) if len(condition.deceptive) < count else tactics
        needed = config.k if config.planner == "rollout" else int("sim" in config.models)
        if needed > len(usable.tactics):
            kind = "tactics" if usable is tactics else "tactics that are not deceptive"
            if not usable.tactics:
                raise UserError(f"taxonomy {tactics.id!r} has no {kind}; name another with --tactics")
            raise UserError(
                f"K is {config.k}, but taxonomy {tactics.id!r} has {len(usable.tactics)} {kind}; lower --k"
            )
    if config.opener is not None:
        opener_of(config, scenario)


def opener_of(config: RunConfig, scenario: Scenario) -> int:
    """Return the position of the role that speaks first: configured by id or number, else the scenario's."""
    if config.opener is None:
        return scenario.opener_index
    ids = [role.id for role in scenario.roles]
    if config.opener in ids:
        return ids.index(config.opener)
    if config.opener.isdecimal() and 1 <= int(config.opener) <= len(ids):
        return int(config.opener) - 1
    raise UserError(
        f"opener {config.opener!r} is no role of {scenario.id!r}; {suggest(config.opener, ids)} "
        f"A number from 1 to {len(ids)} will do as well."
    )


def _jobs(config: RunConfig, scenarios: Mapping[str, Scenario]) -> list[Job]:
    jobs = []
    for name, scenario in scenarios.items():
        given = config.models if len(config.models) > 1 else config.models * len(scenario.roles)
        seatings = [("", given)] + ([(".swapped", given[1:] + given[:1])] if config.swap_roles else [])
        for index in range(config.dialogues):
            for condition in config.conditions:
                for suffix, models in seatings:
                    jobs.append(
                        Job(f"{name}.{condition.name}.{index:04d}{suffix}", name, condition, index, models)
                    )
    return jobs
