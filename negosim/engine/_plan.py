"""Plan of a run: the list of dialogues, and the parts they need, loaded and checked."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from negosim import registry
from negosim.agents import Agent, AgentContext, AgentFactory, Script, agent_factory
from negosim.config import RunConfig
from negosim.engine._agents import OBJECT, SharedAgent
from negosim.engine._capabilities import check_agents
from negosim.engine._dispositions import Dispositions, RoleTraits
from negosim.engine._planners import Planner, planner_name, planner_of, settings_identity, weighs
from negosim.errors import UserError
from negosim.models import Ledger, ModelSpec
from negosim.plugins import suggest
from negosim.prompts import IMAGINED, USERS, Prompts
from negosim.records import EMBEDDED, SIMULATED, Condition
from negosim.rewards import reward_function
from negosim.scenarios import Scenario, SpeakingOrder, load_scenario
from negosim.seeding import Seed
from negosim.taxonomies import Taxonomy, load_taxonomy
from negosim.traits import Trait
from negosim.views import Side, side_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """One dialogue to be made."""

    id: str
    scenario: str
    condition: Condition
    index: int
    models: tuple[str, ...]
    """By role, as given."""
    traits: RoleTraits = ()
    """By role: ids of the dispositions it has in this dialogue."""


@dataclass(frozen=True)
class Plan:
    """A configuration with everything it names loaded and checked."""

    config: RunConfig
    scenarios: Mapping[str, Scenario]
    tactics: Mapping[str, Taxonomy]
    """By scenario."""
    techniques: Taxonomy
    prompts: Mapping[str, Prompts]
    jobs: tuple[Job, ...]
    specs: Mapping[str, ModelSpec]
    """Every model to be opened, by the name given."""
    agents: Mapping[str, AgentFactory]
    """How what is no chat model is made, by the name given."""
    planner: Planner
    through: Mapping[str, str]
    """The chat models that agents speak through, by the name of the agent."""
    traits: Mapping[str, Trait]
    """The traits that any role is given, by id."""

    @property
    def simulated(self) -> bool:
        """Whether embedded participants are among themselves: whatever they do can be done again at once."""
        kinds = {name.partition(":")[0] for name in self.config.models}
        return kinds <= EMBEDDED and (self.config.judge_model or SIMULATED) == SIMULATED

    @property
    def asks_models(self) -> bool:
        """Whether a chat model is asked anything."""
        named = {*self.config.models, *([self.config.judge_model] if self.config.judge_model else [])}
        return bool(named - self.agents.keys()) or bool(self.through)

    @property
    def templates(self) -> tuple[str, ...]:
        """Templates that are used besides those of the usual stages."""
        users = USERS if self.through else ()
        whole = IMAGINED if any(self.agents[name].plays_all for name in self.through) else ()
        return (*self.planner.own_templates, *users, *whole)

    @property
    def foreign(self) -> dict[str, str]:
        """What tells the plugins in use that do not come with negosim from other versions of them."""
        used: list[tuple[registry.Kind, str]] = [("planners", planner_name(self.config.planner))]
        used += [("rewards", name) for scenario in self.scenarios.values() for name in _functions(scenario)]
        used += [("providers" if spec.chats else "agents", spec.kind) for spec in self.specs.values()]
        found = {f"{registry.NOUNS[kind]} {name}": registry.identity(kind, name) for kind, name in used}
        found |= {
            name: registry.code_hash(
                factory.make.agent if isinstance(factory.make, SharedAgent) else factory.make
            )
            for name, factory in self.agents.items()
            if name.startswith(OBJECT)
        }
        found |= {f"planner's {name}": told for name, told in settings_identity(self.config.planner).items()}
        return {name: told for name, told in found.items() if told is not None}

    def agent(
        self,
        name: str,
        side: Side,
        chat: Callable[..., Agent] | None = None,
        ledger: Ledger | None = None,
        script: Script | None = None,
    ) -> Agent:
        """Return what plays a role that no chat model plays by itself; what follows `side`: the context's."""
        spec = self.specs.get(name) or ModelSpec(kind=SIMULATED)
        factory = self.agents[name]
        context = AgentContext(spec, side, chat, ledger, script if factory.plays_all else None)
        if name.startswith(OBJECT):
            return factory.make(context)
        return registry.made("agents", spec.kind, lambda: factory.make(context))

    def side(self, job: Job, role: int) -> Side:
        """Return what one role of a job knows before the first word."""
        scenario = self.scenarios[job.scenario]
        return side_of(
            scenario,
            role,
            deceptive=role in job.condition.deceptive,
            opener=opener_of(self.config, scenario),
            order=order_of(self.config, scenario),
            max_turns=self.config.cap(scenario),
            tactics=self.tactics[scenario.id],
            techniques=self.techniques,
            seed=Seed(self.config.seed, scenario.id, job.index),
            traits=tuple(self.traits[name] for name in job.traits[role]) if job.traits else (),
        )


def resolve(
    config: RunConfig,
    provided: Collection[str] = (),
    agents: Mapping[str, AgentFactory] | None = None,
    *,
    fitting: bool = True,
) -> Plan:
    """Load everything a configuration names and list its dialogues.

    `provided` names the models the caller brings as objects, `agents` has its agents by name; where
    it need not be `fitting`, agents are not held against the planner: only prompts are to be shown.

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
    tactics = {name: load_taxonomy(config.tactics_in(scenario)) for name, scenario in scenarios.items()}
    planner = planner_of(config.planner)
    settings_identity(config.planner)
    own = planner.own_templates
    prompts = {name: Prompts(name, config.prompts, own, others=scenarios) for name in scenarios}
    named = {*config.models, *([config.judge_model] if config.judge_model else [])}
    made = dict(agents or {})
    specs = {name: _spec(name) for name in sorted(named - set(provided) - made.keys())}
    made |= {name: agent_factory(spec.kind) for name, spec in specs.items() if not spec.chats}
    through = {
        name: named_by(name)
        for name in specs
        if name in made and (named_by := made[name].through) is not None
    }
    specs |= {name: _chat_spec(name) for name in through.values() if name not in provided}
    most = max(len(scenario.roles) for scenario in scenarios.values())
    for scenario in scenarios.values():
        _check_fit(config, scenario, tactics[scenario.id], most)
        _check_mixture(config.players(scenario), made)
        for function in _functions(scenario):
            reward_function(function)
    _check_primary(config, scenarios)
    dispositions = {name: Dispositions(config, scenario) for name, scenario in scenarios.items()}
    jobs = tuple(_jobs(config, scenarios, dispositions))
    given = {name for job in jobs for ids in job.traits for name in ids}
    known = {name: trait for each in dispositions.values() for name, (_, trait) in each.known.items()}
    plan = Plan(
        config=config,
        scenarios=scenarios,
        tactics=tactics,
        techniques=load_taxonomy(config.techniques),
        prompts=prompts,
        jobs=jobs,
        specs=specs,
        agents=made,
        planner=planner,
        through=through,
        traits={name: known[name] for name in sorted(given)},
    )
    if fitting:
        check_agents(plan)
    if any(spec.chats for spec in specs.values()) or provided:
        for lacking in dict.fromkeys(filter(None, (each.lacking() for each in prompts.values()))):
            logger.warning(lacking)
    return plan


def _check_primary(config: RunConfig, scenarios: Mapping[str, Scenario]) -> None:
    if not config.primary:
        return
    from negosim.judging import declarable_outcomes  # with pandas: only where it is needed

    known = declarable_outcomes(scenarios.values())
    for name in config.primary:
        if name not in known:
            raise UserError(f"primary outcome {name!r} is none of these scenarios; {suggest(name, known)}")


def _functions(scenario: Scenario) -> list[str]:
    """Return the names of the reward functions of a scenario."""
    rewards = (role.reward for role in scenario.roles)
    return sorted({reward.function for reward in rewards if reward and reward.function})


def _spec(name: str) -> ModelSpec:
    if name.startswith(OBJECT):
        raise UserError(
            f"{name!r} stands for an agent given as an object; give it again with agents=[...] in Python"
        )
    return ModelSpec.parse(name)


def _chat_spec(name: str) -> ModelSpec:
    spec = ModelSpec.parse(name)
    if not spec.chats:
        raise UserError(f"{name!r} is no chat model, and only such a one can play users or write dialogues")
    return spec


def plan(config: RunConfig) -> tuple[Job, ...]:
    """List the dialogues a configuration asks for, in the order they are made.

    Raises:
        UserError: something named does not exist or does not fit.

    """
    return resolve(config).jobs


def _check_fit(config: RunConfig, scenario: Scenario, tactics: Taxonomy, most: int) -> None:
    """Check that a configuration can be played in a scenario; `most` roles has any of the run."""
    count = len(scenario.roles)
    if len(config.models) not in (1, count, most) or 1 < len(config.models) < count:
        raise UserError(
            f"{len(config.models)} models do not fit {scenario.id!r}, which has {count} roles; "
            f"give one or {most}"
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
        picks = max(planner_of(config.planner).picks, int(SIMULATED in config.models))
        needed = config.k if weighs(config.planner) else picks
        if needed > len(usable.tactics):
            kind = "tactics" if usable is tactics else "tactics that are not deceptive"
            if not usable.tactics:
                raise UserError(f"taxonomy {tactics.id!r} has no {kind}; name another with --tactics")
            raise UserError(
                f"K is {needed}, but taxonomy {tactics.id!r} has {len(usable.tactics)} {kind}; lower --k"
            )
    if config.opener is not None:
        opener_of(config, scenario)
    order_of(config, scenario)


def _check_mixture(players: tuple[str, ...], made: Mapping[str, AgentFactory]) -> None:
    """Check that what plays every role of a dialogue is named for every role."""
    for name in players:
        if name in made and made[name].plays_all and len(set(players)) > 1:
            raise UserError(f"{name!r} writes every side of a dialogue; name it for all roles, with --model")


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


def order_of(config: RunConfig, scenario: Scenario) -> SpeakingOrder:
    """Return who speaks after whom: as configured, else as the scenario says."""
    order = config.order or scenario.order
    if order.chair is not None and order.chair not in scenario.role_index:
        raise UserError(
            f"chair {order.chair!r} is no role of {scenario.id!r}; "
            f"{suggest(order.chair, list(scenario.role_index))}"
        )
    return order


def _seatings(models: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the models as given, then moved on until each has had every role, with suffixes of ids."""
    moved = [models[step:] + models[:step] for step in range(len(models))]
    suffixes = ["", ".swapped", *(f".swapped-{step}" for step in range(2, len(models)))]
    return [(suffixes[step], seats) for step, seats in enumerate(moved) if seats not in moved[:step]]


def seated_models(config: RunConfig, scenario: Scenario, dialogue: str) -> tuple[str, ...]:
    """Return what plays each role of a planned dialogue, by position.

    Args:
        config: the run's.
        scenario: what the dialogue is played in.
        dialogue: its id, which says whether the models have changed their roles.

    """
    given, parts = config.players(scenario), dialogue.split(".")
    return next((models for suffix, models in _seatings(given) if suffix[1:] in parts), given)


def _jobs(
    config: RunConfig, scenarios: Mapping[str, Scenario], dispositions: Mapping[str, Dispositions]
) -> list[Job]:
    jobs = []
    for name, scenario in scenarios.items():
        given = config.players(scenario)
        seatings = _seatings(given) if config.swap_roles else [("", given)]
        for index in range(config.dialogues):
            for condition in config.conditions:
                for suffix, models in seatings:
                    for variant, traits in dispositions[name].of(index):
                        made = f"{name}.{condition.name}.{index:04d}{suffix}{variant}"
                        jobs.append(Job(made, name, condition, index, models, traits))
    return jobs
