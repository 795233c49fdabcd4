"""Planners: how a turn is thought through, as stages of the dialogue graph; and the built-in ones."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from negosim import registry
from negosim.agents import Consolidates, Reflects, RollsOut, Thinks, capable
from negosim.config import Calls
from negosim.engine._state import Deliberation, DialogueContext, Participant, answers_of
from negosim.errors import UserError
from negosim.records import Rollout

Run = Callable[[Deliberation, Participant, DialogueContext], Awaitable[Deliberation]]


@dataclass(frozen=True)
class PlannerStage:
    """One stage of a turn, a node of the dialogue graph."""

    name: str
    """What the graph, failures and the account call it."""
    run: Run
    """Gets what the stages before it made of the turn, who speaks, and the dialogue's context; returns
    what it adds. `turn["view"]` is what the speaker sees. A stage that speaks returns `speech` besides."""
    needs: type | None = None
    """The capability it needs of the agent: a protocol of `negosim.agents`."""


@dataclass(frozen=True)
class Planner:
    """How a turn is thought through. The last stage leaves `view` and `speech` behind.

    Examples:
        >>> from negosim.engine import SPEAK, THINK, Planner
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
    templates: tuple[str, ...] = ()
    """Names of prompt templates that are its own, besides the built-in ones; part of the fingerprint."""

    def chain(self, calls: Calls) -> tuple[PlannerStage, ...]:
        """Return the stages of a turn."""
        return self.fused or self.stages if calls == "fused" else self.stages


def planner_of(name: str) -> Planner:
    """Return a planner by name.

    Raises:
        UserError: there is none, or it is no planner.

    """
    found = registry.load("planners", name)
    made = found if isinstance(found, Planner) else found()
    if not isinstance(made, Planner) or not made.stages:
        raise UserError(f"planner {name!r} is no negosim.engine.Planner with stages, but {made!r}")
    return made


async def reflect(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Think privately about the conversation so far."""
    view = turn["view"]
    return {"view": replace(view, reflection=await capable(participant.agent, Reflects).reflect(view))}


async def tactics(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Choose K tactics."""
    return {"tactics": await capable(participant.agent, RollsOut).choose_tactics(turn["view"], context.k)}


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
    """Score the candidates; the best wins, the first of equals."""
    view = turn["view"]
    candidates = turn["candidates"]
    others = (role for index, role in enumerate(context.scenario.roles) if index != view.side.index)
    scores = await participant.judge.score(
        view, candidates, context.objective, tuple(others) if context.oracle else ()
    )
    scored = tuple(
        candidate.model_copy(update={"score": score.score, "reason": score.reason})
        for candidate, score in zip(candidates, scores, strict=True)
    )
    best = max(range(len(scores)), key=lambda position: scores[position].score)
    return {"view": replace(view, rollouts=scored, chosen=best)}


async def speak(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Say the public utterance."""
    speech = await participant.agent.speak(turn["view"])
    return {"view": replace(turn["view"], draft=speech.utterance), "speech": speech}


async def consolidate(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Vary the opening of the utterance, where the agent can."""
    if not isinstance(participant.agent, Consolidates):
        return {}
    utterance = await participant.agent.consolidate(turn["view"])
    return {"speech": turn["speech"]._replace(utterance=utterance)}


REFLECTION = PlannerStage("reflect", reflect, Reflects)
TACTICS = PlannerStage("tactics", tactics, RollsOut)
ROLLOUTS = PlannerStage("rollout", rollout, RollsOut)
THINK = PlannerStage("think", think, Thinks)
JUDGE = PlannerStage("judge", judge)
SPEAK = PlannerStage("speak", speak)
CONSOLIDATE = PlannerStage("consolidate", consolidate)

ROLLOUT = Planner(
    stages=(REFLECTION, TACTICS, ROLLOUTS, JUDGE, SPEAK, CONSOLIDATE),
    fused=(THINK, JUDGE, SPEAK, CONSOLIDATE),
    about="reflection, K tactics, a rollout of each at once, the best one by a judge (report, 3.3)",
)
REFLECT = Planner(
    stages=(REFLECTION, SPEAK, CONSOLIDATE),
    about="a reflection before the utterance",
)
DIRECT = Planner(stages=(SPEAK,), about="the utterance in one call")
