"""Stages that several planners share: reflection, tactics, rollouts, judging, consolidation."""

from collections.abc import Sequence
from dataclasses import replace

from negosim.agents import Consolidates, Plans, Reflects, RollsOut, Score, Thinks, capable
from negosim.engine import (
    SPEAK,
    Deliberation,
    DialogueContext,
    Participant,
    PlannerStage,
    StagePrompt,
    answers_of,
)
from negosim.records import SIMULATED, Rollout

__all__ = ["CONSOLIDATE", "JUDGE", "PLAN", "REFLECTION", "ROLLOUTS", "SPEAK", "TACTICS", "THINK"]


async def reflect(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Think privately about the conversation so far."""
    view = turn["view"]
    return {"view": replace(view, reflection=await capable(participant.agent, Reflects).reflect(view))}


async def tactics(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Choose K tactics."""
    return {"tactics": await capable(participant.agent, RollsOut).choose_tactics(turn["view"], context.k)}


async def plan(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Think privately about the conversation so far, and choose K tactics, at once."""
    planned = await capable(participant.agent, Plans).plan(turn["view"], context.k)
    return {"view": replace(turn["view"], reflection=planned.reflection), "tactics": planned.tactics}


async def rollout(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Sketch a candidate for each tactic as a mini-dialogue, all at once."""
    view, agent = turn["view"], capable(participant.agent, RollsOut)
    sketches = await answers_of(agent.rollout(view, tactic) for tactic in turn["tactics"])
    candidates: list[Rollout] = []
    for sketch in sketches:
        if isinstance(sketch, BaseException):
            raise sketch
        candidates.append(sketch)
    return {"candidates": candidates}


async def think(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Reflect and sketch all K candidates at once."""
    thinking = await capable(participant.agent, Thinks).think(turn["view"], context.k)
    return {
        "view": replace(turn["view"], reflection=thinking.reflection),
        "candidates": thinking.rollouts,
    }


async def judge(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Score the candidates, shown in an order drawn by seed; the best wins, one drawn by seed of equals."""
    view = turn["view"]
    candidates = turn["candidates"]
    others = (role for index, role in enumerate(context.scenario.roles) if index != view.side.index)
    drawn = view.side.seed.stream(view.side.index, view.turn_index, "order of candidates")
    order = drawn.sample(range(len(candidates)), len(candidates))
    shown = [candidates[position] for position in order]
    known = tuple(others) if context.oracle else ()
    scores = await participant.judge.score(view, shown, context.objective, known)
    by_position = dict(zip(order, scores, strict=True))
    scored = tuple(
        candidate.model_copy(update={"score": by_position[place].score, "reason": by_position[place].reason})
        for place, candidate in enumerate(candidates)
    )
    # Of equals the one wins that was drawn first.
    best = max(order, key=lambda position: by_position[position].merit)
    marks = {mark for score in scores for mark in score.marks}
    if len({score.score for score in scores}) == 1 and _could_differ(scores, participant):
        marks.add("tied")
    return {"view": replace(view, rollouts=scored, chosen=best), "marks": frozenset(marks)}


def _could_differ(scores: Sequence[Score], participant: Participant) -> bool:
    """Return whether a judgement could have told candidates apart.

    The embedded judge goes by the deals that candidates stand for, which its reasons name: where they all
    stand for the same, as in a closing, equal scores say nothing.
    """
    if participant.judge.model == SIMULATED:
        return len({score.reason for score in scores}) > 1
    return len(scores) > 1


async def consolidate(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Vary the opening of the utterance, where the agent can."""
    if not isinstance(participant.agent, Consolidates):
        return {}
    utterance = await participant.agent.consolidate(turn["view"])
    return {"speech": replace(turn["speech"], utterance=utterance)}


REFLECTION = PlannerStage("reflect", reflect, Reflects, (StagePrompt("reflect", "reflection"),))
TACTICS = PlannerStage("tactics", tactics, RollsOut, (StagePrompt("tactics", "tactic_1 to tactic_K"),))
PLAN = PlannerStage("plan", plan, Plans, (StagePrompt("plan", "reflection, tactic_1 to tactic_K"),))
ROLLOUTS = PlannerStage(
    "rollout", rollout, RollsOut, (StagePrompt("rollout", "utterance, expected_reply", calls="K"),)
)
THINK = PlannerStage(
    "think", think, Thinks, (StagePrompt("think", "reflection, candidate_1 to candidate_K"),)
)
JUDGE = PlannerStage(
    "judge", judge, prompts=(StagePrompt("judge", "candidate_1 to candidate_K, each reason and score"),)
)
CONSOLIDATE = PlannerStage("consolidate", consolidate, prompts=(StagePrompt("consolidate", "utterance"),))
