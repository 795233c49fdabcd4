"""One dialogue, played from the opening or from where it stands."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol

from negosim.agents import Agent, ChatAgent, ChatJudge, RolloutJudge, Script
from negosim.agents.sim import SimJudge
from negosim.engine._continue import play_on
from negosim.engine._events import DialogueStarted, ServerSaid, TurnFinished, Watcher
from negosim.engine._plan import Job, Plan, opener_of, order_of
from negosim.engine._planners import settings_of
from negosim.engine._state import DialogueContext, History, Participant, history_after
from negosim.models import Ledger, ModelClient, account_of, calls_are_of
from negosim.outcome import outcome_of
from negosim.prompts import PromptWriter
from negosim.records import Dialogue, Outcome
from negosim.rewards import rewards_of
from negosim.table import opening_table
from negosim.views import Side

Clients = Mapping[str, ModelClient | None]
"""By model as given; None is what is no chat model: agents of their own."""


class KeptSteps(Protocol):
    """Where the steps of one dialogue are kept."""

    @property
    def steps(self) -> list[History]:
        """What was kept of every step, the first one first."""

    def add(self, added: History) -> None:
        """Keep what a step has added."""


class KeptProgress(Protocol):
    """Where dialogues in progress are kept."""

    def of(self, dialogue: str) -> KeptSteps:
        """Return where a dialogue stands."""


@dataclass(frozen=True)
class RunSetting:
    """What the dialogues of a run are played with."""

    plan: Plan
    clients: Clients
    watch: Watcher
    progress: KeptProgress | None = None
    """Where dialogues in progress are kept, if they are."""


async def play(setting: RunSetting, job: Job) -> Dialogue:
    """Play one dialogue to its end, or to the failure that ends it.

    Where steps of it were kept, it goes on after the last finished one; the watcher is told of the
    turns before as well.

    Raises:
        ModelError: every dialogue would fail likewise.

    """
    plan, config, scenario = setting.plan, setting.plan.config, setting.plan.scenarios[job.scenario]
    started = time.perf_counter()
    calls_are_of(job.id)
    opener = opener_of(config, scenario)
    ledger, script = Ledger(), Script()
    participants = tuple(
        _participant(setting, job, plan.side(job, role), ledger, script)
        for role in range(len(scenario.roles))
    )
    models = tuple(participant.agent.model for participant in participants)
    setting.watch(DialogueStarted(job.id, scenario, job.condition, opener, models, job.traits))
    kept = setting.progress.of(job.id) if setting.progress else None

    order, speakers = participants[0].side.order, list[int]()

    def tell(added: History) -> None:
        for turn in added.get("turns", ()):
            speakers.append(turn.role)
            following = order.next_speaker(speakers, turn.floor, added["table"].gone)
            setting.watch(TurnFinished(job.id, scenario, turn, added["table"], following))

    def keep_and_tell(added: History) -> None:
        if kept:
            kept.add(added)
        tell(added)

    table = opening_table(scenario)
    history = History(turns=[], votes=[], calls=[], table=table)
    for added in kept.steps if kept else ():
        for turn in added.get("turns", ()):
            table = table.after(turn.role, turn.utterance)
        added["table"] = table
        history = history_after(history, added)
        tell(added)
    context = DialogueContext(
        scenario=scenario,
        participants=participants,
        calls=config.calls,
        votes=config.votes,
        k=config.k,
        objective=config.objective,
        oracle=config.judge_view == "oracle",
        max_turns=config.cap(scenario),
        ledger=ledger,
        settings=settings_of(config.planner),
        on_step=keep_and_tell,
    )
    done = await play_on(config.planner, history, context)
    if done.said:
        setting.watch(ServerSaid(job.id, done.said))
    outcome = Outcome(status="unknown")
    if done.failure is None:
        outcome = outcome_of(scenario, done.table, done.end)
        rewards = rewards_of(scenario, done.turns, done.measurements, outcome)
        outcome = outcome.model_copy(update={"rewards": rewards})
    return Dialogue(
        id=job.id,
        scenario=scenario.id,
        index=job.index,
        seed=config.seed,
        condition=job.condition,
        opener=opener,
        order=order_of(config, scenario),
        traits=job.traits,
        models=models,
        status="failed" if done.failure else "complete",
        end=done.end,
        turns=done.turns,
        votes=done.votes,
        outcome=outcome,
        failure=done.failure,
        measurements=done.measurements,
        account=account_of(done.calls),
        calls=done.calls,
        seconds=round(time.perf_counter() - started, 3),
    )


def _participant(setting: RunSetting, job: Job, side: Side, ledger: Ledger, script: Script) -> Participant:
    name = job.models[side.index]
    own = setting.clients.get(name)
    judge_model = setting.plan.config.judge_model
    judging = setting.clients.get(judge_model) if judge_model else own

    @cache
    def writer() -> PromptWriter:
        return PromptWriter(setting.plan.prompts[job.scenario], side)

    def chat(template: str | None = None, **values: Any) -> ChatAgent:
        prompts, client = setting.plan.prompts[job.scenario], setting.clients[setting.plan.through[name]]
        assert client is not None
        if template is None:
            return ChatAgent(client, writer(), ledger)
        brief = prompts.render(template, values).strip()
        role = side.role.model_copy(update={"brief": brief})
        played = replace(side, role=role, tactics=side.tactics.model_copy(update={"tactics": ()}))
        return ChatAgent(client, PromptWriter(prompts, played), ledger)

    agent: Agent
    agent = ChatAgent(own, writer(), ledger) if own else setting.plan.agent(name, side, chat, ledger, script)
    judge: RolloutJudge
    if judging:
        judge = ChatJudge(judging, writer(), ledger, form=setting.plan.config.judge_form)
    else:
        judge = agent if isinstance(agent, RolloutJudge) else SimJudge()
    return Participant(agent, judge, side)
