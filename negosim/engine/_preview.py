"""Previews of prompts: the prompt of any stage, as a run would begin."""

from typing import Any

from negosim.config import RunConfig
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._planners import StagePrompt, weighs
from negosim.errors import UserError
from negosim.models import Message
from negosim.prompts import STAGES, PromptWriter
from negosim.records import Rollout, Turn, Utterance
from negosim.scenarios import Measure
from negosim.table import opening_table
from negosim.views import Side, view_of


def preview(config: RunConfig, role: int, stage: str) -> tuple[Message, Message]:
    """Return the messages of a stage in the first turn of a role (0 is agent 1) of the run's first dialogue.

    What comes from the stages and speakers before it stands in round brackets.

    Raises:
        UserError: something the configuration names is wrong.

    """
    plan = resolve(config, fitting=False)
    job = plan.jobs[0]
    roles = len(plan.scenarios[job.scenario].roles)
    if not 0 <= role < roles:
        raise UserError(f"{job.scenario!r} has agents 1 to {roles}, not {role + 1}")
    return _messages(plan, job, role, stage)


SAMPLE = Measure(
    id="satisfaction",
    asked_of=("role",),
    when=("after",),
    question="How satisfied are you? (a sample: this scenario has no measures)",
    answer="scale",
    scale={1: "not at all", 5: "very"},
)
"""What the template of measures is shown with in a scenario that asks nothing."""


def check_prompts(plan: Plan) -> None:
    """Render every stage for every role and condition, so that a fault is found before the first call.

    Raises:
        UserError: a template is broken or uses something it is not given; names file and line.

    """
    kinds = {(job.scenario, job.condition.name): job for job in plan.jobs}
    for job in kinds.values():
        for role in range(len(plan.scenarios[job.scenario].roles)):
            for stage in (*STAGES, *_prompts(plan)):
                _messages(plan, job, role, stage)


def unreached_by_prompts(plan: Plan) -> str:
    """Say which agents the user's folder of templates does not reach; "" where there is nothing to say.

    A plugin's agent may read what it likes, but the templates are those of chat models.
    """
    if plan.config.prompts is None:
        return ""
    if not plan.asks_models:
        return ": none of these agents is a chat model"
    unreached: dict[int, set[str]] = {}
    for job in plan.jobs:
        for role, name in enumerate(job.models):
            if name in plan.agents and name not in plan.through:
                unreached.setdefault(role, set()).add(name)
    named = [f"agent {role + 1} ({', '.join(sorted(unreached[role]))})" for role in sorted(unreached)]
    return f" for {' and '.join(named)}: no chat model" if named else ""


def _speakers_before(side: Side) -> list[int]:
    """Return who speaks before a role's first turn; with a chair, as if it named nobody."""
    speakers: list[int] = []
    while (speaker := side.order.next_speaker(speakers)) != side.index:
        speakers.append(speaker)
    return speakers


def _prompts(plan: Plan) -> dict[str, StagePrompt]:
    """Return what the planner asks by templates of its own, by template."""
    stages = (*plan.planner.stages, *plan.planner.fused)
    declared = {prompt.template: prompt for stage in stages for prompt in stage.prompts}
    return {name: prompt for name, prompt in declared.items() if name not in STAGES}


def _messages(plan: Plan, job: Job, role: int, stage: str) -> tuple[Message, Message]:
    config, scenario = plan.config, plan.scenarios[job.scenario]
    side = plan.side(job, role)
    before = _speakers_before(side)
    said = [
        Turn(
            index=index, role=speaker, utterance=Utterance(text=f"(what {scenario.roles[speaker].name} says)")
        )
        for index, speaker in enumerate(before)
    ]
    tactics = side.tactics.tactics[: config.k]
    candidates = tuple(
        Rollout(tactic=tactic.id, utterance="(candidate)", expected_reply="(expected reply)")
        for tactic in tactics
    )
    unthinking = ("reflect", "plan", "think", "conclude", "measure")
    after_judge = stage in ("speak", "consolidate") and weighs(config.planner)
    view = view_of(
        side,
        said,
        opening_table(scenario),
        reflection=None if stage in unthinking else "(the reflection of this turn)",
        rollouts=candidates if after_judge else (),
        chosen=0 if after_judge else None,
        draft=Utterance(text="(the utterance)") if stage == "consolidate" else None,
    )
    others = [other for index, other in enumerate(scenario.roles) if index != role]
    extra: dict[str, dict[str, Any]] = {
        "tactics": {"k": config.k},
        "think": {"k": config.k},
        "plan": {"k": config.k},
        "rollout": {"tactic": tactics[0]},
        "judge": {
            "candidates": candidates,
            "objective": config.objective,
            "compare": config.judge_form == "compare",
            "other_sides": others if config.judge_view == "oracle" else (),
        },
        "consolidate": {"own_openings": ()},
        "measure": {"asked": scenario.measures[0] if scenario.measures else SAMPLE},
    }
    own = _prompts(plan).get(stage)
    values = own.sample(view) if own is not None else extra.get(stage, {})
    return PromptWriter(plan.prompts[job.scenario], side).messages(stage, view, **values)
