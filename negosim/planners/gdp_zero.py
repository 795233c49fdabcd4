"""The planner `gdp-zero`: open-loop search over the acts to come, as GDP-Zero plans its turns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Annotated, Any, Literal, cast

from pydantic import Field, create_model

from negosim.agents import Asks, Says, Searches, Trial, World, capable, deal_form, measure_form
from negosim.engine import Deliberation, DialogueContext, Participant, answers_of
from negosim.planners import Planner, PlannerSettings, PlannerStage, StagePrompt
from negosim.planners.search import Search, smoothed, utility
from negosim.records import Rollout
from negosim.scenarios import Answer, Measure, Scenario, answer_named
from negosim.views import View, imagined, next_of_the_others

Readiness = Literal["refuses", "leans against", "undecided", "leans towards", "agrees"]

READINESS: dict[str, float] = {
    "refuses": -1.0,
    "leans against": -0.5,
    "undecided": 0.0,
    "leans towards": 0.5,
    "agrees": 1.0,
}


class SearchSettings(PlannerSettings):
    """Settings of `gdp-zero`; what they are unless given is the paper's."""

    n: Annotated[int, Field(ge=1, le=1000)] = 10
    """Simulations a turn."""
    k: Annotated[int, Field(ge=1, le=20)] = 3
    """Realisations of an act that are kept and drawn again."""
    c: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Weight of exploration."""
    samples: Annotated[int, Field(ge=1, le=100)] = 15
    """Samples of the next act that make a prior, one added to each act."""
    probes: Annotated[int, Field(ge=1, le=100)] = 10
    """Samples of the other's answer that make a value."""
    untried: Annotated[float, Field(ge=-1, le=1)] = 0.0
    """Value, -1 to 1, supposed of an act that was not tried."""


async def search(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Imagine how one more line of acts would go; after n of them, take the best."""
    view, settings = turn["view"], cast(SearchSettings, context.settings)
    tree = cast("Search | None", turn.get("notes"))
    if tree is None:
        tree = Search(
            await _world(participant, view, context),
            view,
            view.side.seed.stream("gdp-zero", view.side.index, view.turn_index),
            settings.c,
            settings.k,
            settings.samples,
            settings.probes,
            settings.untried,
        )
    await tree.simulate()
    if tree.done < settings.n:
        return {"notes": tree}
    return {"notes": None, **_answer(tree, view)}


async def _world(participant: Participant, view: View, context: DialogueContext) -> World:
    if isinstance(participant.agent, Searches):
        return await participant.agent.world(view)
    return ChatWorld(participant.agent, context.scenario, view.turn_index)


def _answer(tree: Search, view: View) -> Deliberation:
    """Return what was found: the acts that were tried, with their best realisations, and the words chosen."""
    name, best = tree.best()
    tried = {act: known for act, known in tree.nodes[()].items() if known.visits}
    rollouts = []
    for act, known in tried.items():
        realisation = max(tree.realised[act,], key=lambda one: one.value)
        reply = " ".join(utterance.text for _, utterance in realisation.trial.replies)
        rollouts.append(
            Rollout(
                tactic=act,
                utterance=realisation.trial.speech.utterance.text,
                expected_reply=reply,
                score=round(5 * (known.value + 1), 2),
                reason=f"visits {known.visits}, value {known.value:.3f}, prior {known.prior:.3f}",
            )
        )
    speech = best.trial.speech
    chosen = list(tried).index(name)
    seen = replace(view, rollouts=tuple(rollouts), chosen=chosen, draft=speech.utterance)
    return {"view": seen, "speech": speech}


@dataclass(frozen=True)
class ChatWorld:
    """The world as a chat model imagines it: all from the speaker's own view."""

    agent: object
    scenario: Scenario
    began: int
    """The turn that is planned."""

    async def prior(self, view: View, samples: int) -> dict[str, float]:
        """Ask for the next act several times; return shares, one added to each act."""
        acts = tuple(view.side.tactics.by_id)
        form = create_model("NextAct", tactic=(cast(Any, Literal[acts]), ...))
        asks = capable(self.agent, Asks)
        where = _line(view, self.began)
        given = await _all(
            asks.ask("gdp-zero-prior", view, form, purpose=f"{number} {where}") for number in range(samples)
        )
        counts = dict.fromkeys(acts, 0)
        for answer in given:
            counts[answer.tactic] += 1
        return smoothed(counts)

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        """Say something by an act, and imagine what each of the others would answer in turn."""
        says, side = capable(self.agent, Says), view.side
        purpose = f"{act} {attempt} {_line(view, self.began)}"
        tactic = side.tactics.by_id[act]
        _, speech = await says.say("gdp-zero-act", view, tactic=tactic, purpose=purpose)
        after, replies = imagined(view, side.index, speech.utterance, speech.floor), []
        while (other := next_of_the_others(after, view.turn_index)) is not None:
            utterance = await says.imagine("gdp-zero-partner", after, other, purpose=purpose)
            replies.append((other, utterance))
            after = imagined(after, other, utterance)
        return Trial(speech, tuple(replies))

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        """Ask several times where the other stands, in terms of the scenario's reward; return the mean."""
        where = _line(view, self.began)
        worths = await _all(self._probe(view, f"{number} {where}") for number in range(first, first + probes))
        return fmean(worths)

    async def _probe(self, view: View, purpose: str) -> float:
        asks, other = capable(self.agent, Asks), view.side.others[0]
        asked = _measured(self.scenario, view.side.index)
        if asked is not None:
            role, measure = asked
            answer = await asks.ask(
                "gdp-zero-measure",
                view,
                measure_form(measure),
                purpose=purpose,
                asked=measure,
                other=view.side.roles[role],
                check=lambda given: measure.parse(given.answer),
            )
            return reward_share(self.scenario, view.side.index, measure, measure.parse(answer.answer))
        fields: dict[str, Any] = {"readiness": (Readiness, ...)}
        if view.side.issues:
            fields["deal"] = (deal_form(view.side.issues), ...)
        form = create_model("Standing", **fields)
        answer = await asks.ask(
            "gdp-zero-value",
            view,
            form,
            purpose=purpose,
            other=view.side.roles[other],
            check=lambda given: _deal(given, view),
        )
        ready = READINESS[answer.readiness]
        if not view.side.issues:
            return ready
        # A share of the value that the deal would have, as likely as the other is ready for it.
        gain = (utility(view, view.side.value(_deal(answer, view))) + 1) / 2
        return (ready + 1) * gain - 1


def _deal(answer: Any, view: View) -> dict[str, Any]:
    given = answer.deal.model_dump() if view.side.issues else {}
    return {issue.id: issue.parse(given[issue.id]) for issue in view.side.issues}


def _measured(scenario: Scenario, role: int) -> tuple[int, Measure] | None:
    """Return the one answer of another role that the speaker's reward hangs on, None where there is none."""
    reward = scenario.roles[role].reward
    if reward is None or reward.parsed is None or scenario.issues:
        return None
    found = {}
    for name in reward.parsed.names:
        asked, measure, _ = answer_named(name, scenario.roles[role].id, scenario.measures)
        found[scenario.role_index[asked], measure.id] = measure
    known = [
        (one, measure) for (one, _), measure in found.items() if measure.answer not in ("choice", "belief")
    ]
    return known[0] if len(found) == len(known) == 1 else None


def reward_share(scenario: Scenario, role: int, measure: Measure, answer: Answer) -> float:
    """Map an answer to -1 (least reward it could bring) to 1 (most), by the role's reward.

    What was answered before the conversation is not known to the speaker: it is taken as the middle.
    """
    low, high = (float(end) for end in _ends(measure))
    worth = _reward(scenario, role, _number(answer), (low + high) / 2)
    ends = [_reward(scenario, role, end, (low + high) / 2) for end in (low, high)]
    return 2 * (worth - min(ends)) / max(max(ends) - min(ends), 1e-9) - 1


def _number(answer: Answer) -> float:
    if isinstance(answer, str | dict):
        raise TypeError(f"{answer!r} is no number")
    return float(answer)


def _reward(scenario: Scenario, role: int, now: float, before: float) -> float:
    expression = scenario.roles[role].reward
    assert expression is not None
    assert expression.parsed is not None
    values: Mapping[str, float] = {
        name: before if ".before." in f".{name}" else now for name in expression.parsed.names
    }
    return expression.parsed.value(values)


def _ends(measure: Measure) -> tuple[float, float]:
    if measure.range is not None:
        return measure.range.min, measure.range.max
    return (measure.grades[0], measure.grades[-1]) if measure.grades else (0.0, 1.0)


def _line(view: View, began: int) -> str:
    """Return what tells one line of imagined turns from another."""
    return "\x1f".join(turn.text for turn in view.transcript[began:])


async def _all(asked: Any) -> list[Any]:
    given = await answers_of(asked)
    for answer in given:
        if isinstance(answer, BaseException):
            raise answer
    return given


def _again(turn: Deliberation) -> bool:
    return turn.get("notes") is not None


async def answer(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Say the chosen words, as they were imagined."""
    return {}


def _act_sample(view: View) -> dict[str, Any]:
    return {"tactic": view.side.tactics.tactics[0]}


def _partner_sample(view: View) -> dict[str, Any]:
    return {"other": view.side.roles[view.side.others[0]], "can_accept": False}


def _value_sample(view: View) -> dict[str, Any]:
    return {"other": view.side.roles[view.side.others[0]]}


GDP_ZERO = Planner(
    stages=(
        PlannerStage(
            "search",
            search,
            (Searches, Says),
            (
                StagePrompt("gdp-zero-prior", "tactic", calls="n * samples"),
                StagePrompt("gdp-zero-act", "move, utterance", "n", _act_sample),
                StagePrompt("gdp-zero-partner", "move, utterance", "n", _partner_sample),
                StagePrompt("gdp-zero-value", "readiness, deal", "n * probes", _value_sample),
            ),
            again=_again,
        ),
        PlannerStage("answer", answer, (Searches, Says)),
    ),
    templates=("gdp-zero-measure",),
    about="open-loop Monte Carlo tree search over the acts to come, with an imagined partner",
    source="Yu, Chen & Yu 2023, Prompt-Based Monte-Carlo Tree Search for Goal-Oriented Dialogue Policy "
    "Planning (arXiv 2305.13660)",
    picks=1,
    settings=SearchSettings,
)
