"""The planner `audience`: advice, a candidate for each subset of it, and simulated audiences that choose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from negosim.agents import Asks, Says, Searches, Speech, capable
from negosim.engine import Deliberation, DialogueContext, Participant, answers_of
from negosim.planners import Planner, PlannerSettings, PlannerStage, StagePrompt
from negosim.records import Rollout
from negosim.views import View, imagined

Phrase = Annotated[str, Field(min_length=1, max_length=300)]


class AudienceSettings(PlannerSettings):
    """Settings of `audience`."""

    advice: Annotated[int, Field(ge=1, le=4)] = 2
    """Pieces of advice, of which every subset but the empty one makes a candidate; half are unorthodox."""
    audiences: Annotated[int, Field(ge=1, le=20)] = 3
    """Simulated audiences that compare the candidates pairwise."""


class ProposedAudience(BaseModel):
    """Somebody that the other might be, and how likely that is."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    who: Phrase
    weight: Annotated[float, Field(gt=0, le=100)]


class ComparisonAnswer(BaseModel):
    """What `audience-compare` asks for."""

    model_config = ConfigDict(extra="forbid")

    better: Literal["first", "second"]


@dataclass(frozen=True)
class DraftedCandidate:
    """One way to go on, and where it comes from."""

    idea: str
    speech: Speech
    reply: str = ""


async def explore(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Look for advice on the next words, half of it unorthodox; the embedded negotiator takes tactics."""
    view, settings = turn["view"], cast(AudienceSettings, context.settings)
    if isinstance(participant.agent, Searches):
        world = await participant.agent.world(view)
        prior = await world.prior(view, 5 * settings.audiences)
        ideas = sorted(prior, key=lambda act: -prior[act])[: 2**settings.advice - 1]
        return {"notes": [(idea,) for idea in ideas]}
    names = [
        f"{'unorthodox' if number % 2 else 'ordinary'}_{number + 1}" for number in range(settings.advice)
    ]
    fields: dict[str, Any] = dict.fromkeys(names, (Phrase, ...))
    form = create_model("Advice", **fields)
    given = await capable(participant.agent, Asks).ask("audience-advice", view, form, names=names)
    return {"notes": subsets([getattr(given, name) for name in names])}


def subsets(advice: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every subset of some advice but the empty one, the smaller ones first.

    Examples:
        >>> subsets(["ask", "joke"])
        [('ask',), ('joke',), ('ask', 'joke')]

    """
    return [chosen for size in range(1, len(advice) + 1) for chosen in combinations(advice, size)]


async def generate(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Write a candidate for each subset of the advice."""
    view, agent = turn["view"], participant.agent
    candidates = []
    if isinstance(agent, Searches):
        world = await agent.world(view)
        for (act,) in turn["notes"]:
            trial = await world.realise(view, act, 0)
            reply = " ".join(utterance.text for _, utterance in trial.replies)
            candidates.append(DraftedCandidate(act, trial.speech, reply))
        return {"notes": candidates}
    for advice in turn["notes"]:
        purpose = "\x1f".join(advice)
        _, speech = await capable(agent, Says).say("audience-draft", view, advice=advice, purpose=purpose)
        candidates.append(DraftedCandidate(" + ".join(advice), speech))
    return {"notes": candidates}


async def simulate(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Let weighted audiences compare the candidates in pairs; the one with most weight behind it is said."""
    view, candidates = turn["view"], cast("list[DraftedCandidate]", turn["notes"])
    settings = cast(AudienceSettings, context.settings)
    judge = _embedded if isinstance(participant.agent, Searches) else _asked
    weights, preferred = await judge(participant.agent, view, candidates, settings.audiences)
    totals = tally(len(candidates), weights, preferred)
    best = max(range(len(candidates)), key=lambda at: totals[at])
    most = max(1, len(candidates) - 1)
    rollouts = tuple(
        Rollout(
            tactic=one.idea,
            utterance=one.speech.utterance.text,
            expected_reply=one.reply,
            score=round(10 * totals[at] / most, 2),
            reason=f"weight {totals[at]:.3f} of at most {most} in pairwise comparisons",
        )
        for at, one in enumerate(candidates)
    )
    speech = candidates[best].speech
    seen = replace(view, rollouts=rollouts, chosen=best, draft=speech.utterance)
    return {"view": seen, "speech": speech, "notes": None}


def tally(
    candidates: int, weights: Sequence[float], preferred: Mapping[tuple[int, int, int], float]
) -> list[float]:
    """Return the weight behind each candidate over all pairs; the weights of audiences add up to 1.

    Args:
        candidates: how many there are.
        weights: of the audiences.
        preferred: by audience and pair (first, second): the share that the first one gets, 0 to 1.

    Examples:
        >>> tally(2, [3.0, 1.0], {(0, 0, 1): 1.0, (1, 0, 1): 0.0})
        [0.75, 0.25]

    """
    whole, totals = sum(weights), [0.0] * candidates
    for (audience, first, second), share in preferred.items():
        totals[first] += weights[audience] / whole * share
        totals[second] += weights[audience] / whole * (1 - share)
    return totals


async def _asked(
    agent: object, view: View, candidates: Sequence[DraftedCandidate], count: int
) -> tuple[list[float], dict[tuple[int, int, int], float]]:
    """Ask for audiences, and what each prefers of every pair."""
    asks, other = capable(agent, Asks), view.side.roles[_other(view)]
    fields: dict[str, Any] = {f"audience_{number}": (ProposedAudience, ...) for number in range(1, count + 1)}
    given = await asks.ask(
        "audience-who", view, create_model("Audiences", **fields), count=count, other=other
    )
    audiences = [getattr(given, name) for name in fields]
    pairs = [
        (audience, first, second)
        for audience in range(count)
        for first, second in combinations(range(len(candidates)), 2)
    ]
    answers = await answers_of(
        asks.ask(
            "audience-compare",
            view,
            ComparisonAnswer,
            purpose=f"{audience} {first} {second}",
            who=audiences[audience].who,
            first=_shown(candidates[first]),
            second=_shown(candidates[second]),
            other=other,
        )
        for audience, first, second in pairs
    )
    preferred = {}
    for pair, answer in zip(pairs, answers, strict=True):
        if isinstance(answer, BaseException):
            raise answer
        preferred[pair] = float(answer.better == "first")
    return [one.weight for one in audiences], preferred


def _shown(candidate: DraftedCandidate) -> Rollout:
    return Rollout(tactic=candidate.idea, utterance=candidate.speech.utterance.text, expected_reply="-")


async def _embedded(
    agent: object, view: View, candidates: Sequence[DraftedCandidate], count: int
) -> tuple[list[float], dict[tuple[int, int, int], float]]:
    """Let imagined partners of different tempers hear every candidate; what that is worth then decides."""
    world = await capable(agent, Searches).world(view)
    preferred = {}
    for audience in range(count):
        worths = []
        for one in candidates:
            trial = await world.realise(view, one.idea, audience)
            after = imagined(view, view.side.index, trial.speech.utterance)
            for role, utterance in trial.replies:
                after = imagined(after, role, utterance)
            worths.append(await world.worth(after, 1, audience))
        for first, second in combinations(range(len(candidates)), 2):
            gain = worths[first] - worths[second]
            preferred[audience, first, second] = 0.5 if gain == 0 else float(gain > 0)
    return [1.0] * count, preferred


def _other(view: View) -> int:
    last = view.last
    return last.role if last is not None and last.role != view.side.index else view.side.others[0]


def _advice_sample(view: View) -> dict[str, Any]:
    return {"names": ["ordinary_1", "unorthodox_2"]}


def _draft_sample(view: View) -> dict[str, Any]:
    return {"advice": ("(a piece of advice)",)}


def _who_sample(view: View) -> dict[str, Any]:
    return {"count": 3, "other": view.side.roles[_other(view)]}


def _compare_sample(view: View) -> dict[str, Any]:
    candidate = Rollout(tactic="-", utterance="(candidate)", expected_reply="-")
    other = view.side.roles[_other(view)]
    return {"who": "(an audience)", "first": candidate, "second": candidate, "other": other}


PAIRS = "(2 * (advice == 1) + 4 * (advice == 2) + 8 * (advice == 3) + 16 * (advice == 4) - 1)"
"""How many candidates there are, as an expression over the settings."""

AUDIENCE = Planner(
    stages=(
        PlannerStage(
            "explore",
            explore,
            (Searches, Says),
            (StagePrompt("audience-advice", "ordinary and unorthodox advice", sample=_advice_sample),),
        ),
        PlannerStage(
            "generate",
            generate,
            (Searches, Says),
            (StagePrompt("audience-draft", "move, utterance", PAIRS, _draft_sample),),
        ),
        PlannerStage(
            "simulate",
            simulate,
            (Searches, Says),
            (
                StagePrompt("audience-who", "audience_1 and on, each who and weight", sample=_who_sample),
                StagePrompt(
                    "audience-compare", "better", f"audiences * {PAIRS} * ({PAIRS} - 1) / 2", _compare_sample
                ),
            ),
        ),
    ),
    about="advice, a candidate for each subset of it, the choice of weighted simulated audiences",
    source="Liu et al. 2023, Improving Interpersonal Communication by Simulating Audiences with Language "
    "Models (explore, generate, simulate; arXiv 2311.00687)",
    picks=1,
    settings=AudienceSettings,
)
