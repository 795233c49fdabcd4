"""The planner `stance`: the claims against one's own, how the other stands to each, then an answer."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, computed_field, create_model

from negosim.agents import Asks, Says, capable
from negosim.engine import Deliberation, DialogueContext, Participant, answers_of
from negosim.planners import Planner, PlannerSettings, PlannerStage, StagePrompt
from negosim.planners.attitudes import attitudes_digest, load_attitudes
from negosim.views import View

Claim = Annotated[str, Field(min_length=1, max_length=300)]

GRADES = {0: "disagrees", 1: "partly disagrees", 2: "is neutral", 3: "partly agrees", 4: "agrees"}
MOST = 8
"""The top of the scale on which an attitude is shown: 0 rejects the counterclaim, 8 shares it."""


class StanceSettings(PlannerSettings):
    """Settings of `stance`."""

    claims: Annotated[int, Field(ge=1, le=10)] = 3
    """Counterclaims that are weighed."""
    classifier: str = ""
    """File of `negosim planners attitudes` that predicts attitudes in place of the model."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def asked(self) -> int:
        """1 where the model is asked for attitudes, 0 where the classifier predicts them."""
        return int(not self.classifier)

    def identity(self) -> dict[str, str]:
        """Return what tells the classifier from other ones, and refuse what cannot be used."""
        if not self.classifier:
            return {}
        load_attitudes(self.classifier)
        return {"classifier": attitudes_digest(self.classifier)}


class Counterclaim(BaseModel):
    """A claim that speaks against the speaker's, and what it says the other way round."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    claim: Claim
    negation: Claim


class AttitudeAnswer(BaseModel):
    """What `stance-attitude` asks for: how far the other shares a claim."""

    model_config = ConfigDict(extra="forbid")

    agreement: Annotated[int, Field(ge=0, le=4)]


async def counter(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Name the claims that most speak against the own one, each with its negation."""
    count = context.settings.claims
    fields: dict[str, Any] = {f"counterclaim_{number}": (Counterclaim, ...) for number in range(1, count + 1)}
    form = create_model("Counterclaims", **fields)
    given = await capable(participant.agent, Asks).ask("stance-claims", turn["view"], form, count=count)
    return {"notes": [getattr(given, name) for name in fields]}


async def attitudes(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Predict how the other stands to each counterclaim and to its negation, all at once."""
    view, settings = turn["view"], cast(StanceSettings, context.settings)
    other = view.side.roles[_other(view)]
    claims: list[Counterclaim] = turn["notes"]
    texts = [text for one in claims for text in (one.claim, one.negation)]
    if settings.classifier:
        grades = _classified(view, texts, settings.classifier)
    else:
        grades = await _asked(view, texts, participant)
    shown = [
        {"claim": one.claim, "attitude": round(MOST * attitude(grades[2 * at], grades[2 * at + 1]))}
        for at, one in enumerate(claims)
    ]
    thought = "; ".join(f"{str(one['claim']).rstrip('.')} ({one['attitude']} of {MOST})" for one in shown)
    return {
        "view": replace(view, reflection=f"How far {other.name} shares what is against me: {thought}."),
        "notes": shown,
    }


def _classified(view: View, texts: Sequence[str], file: str) -> list[float]:
    """Return how far the other shares some statements, by what was said aloud alone."""
    other, classifier = _other(view), load_attitudes(file)
    said = [turn.text for turn in view.transcript if turn.role == other]
    heard = [turn.text for turn in view.transcript if turn.role != other]
    return [classifier.share(text, said, heard) for text in texts]


async def _asked(view: View, texts: Sequence[str], participant: Participant) -> list[float]:
    """Ask the model how far the other shares some statements, all at once."""
    asks, other = capable(participant.agent, Asks), view.side.roles[_other(view)]
    given = await answers_of(
        asks.ask("stance-attitude", view, AttitudeAnswer, purpose=text, claim=text, other=other)
        for text in texts
    )
    grades = []
    for answer in given:
        if isinstance(answer, BaseException):
            raise answer
        grades.append(answer.agreement / 4)
    return grades


def attitude(claim: float, negation: float) -> float:
    """Return how far somebody shares a claim, 0 to 1, by agreement with it and with its negation.

    Examples:
        >>> attitude(1.0, 0.0), attitude(0.5, 0.5), attitude(0.25, 0.75)
        (1.0, 0.5, 0.25)

    """
    return 0.5 + (claim - negation) / 2


async def argue(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Speak to what stands against the own claim, where the other shares it most."""
    view = turn["view"]
    _, speech = await capable(participant.agent, Says).say(
        "stance-speak", view, claims=turn["notes"], most=MOST, other=view.side.roles[_other(view)]
    )
    return {"view": replace(view, draft=speech.utterance), "speech": speech, "notes": None}


def _other(view: View) -> int:
    last = view.last
    return last.role if last is not None and last.role != view.side.index else view.side.others[0]


def _attitude_sample(view: View) -> dict[str, Any]:
    return {"claim": "(a claim)", "other": view.side.roles[_other(view)]}


def _speak_sample(view: View) -> dict[str, Any]:
    claims = [{"claim": "(a counterclaim)", "attitude": 4}]
    return {"claims": claims, "most": MOST, "other": view.side.roles[_other(view)]}


STANCE = Planner(
    stages=(
        PlannerStage(
            "counter",
            counter,
            Asks,
            (
                StagePrompt(
                    "stance-claims",
                    "counterclaim_1 and on, each claim and negation",
                    sample=lambda view: {"count": 3},
                ),
            ),
        ),
        PlannerStage(
            "attitudes",
            attitudes,
            Asks,
            (StagePrompt("stance-attitude", "agreement", "2 * claims * asked", _attitude_sample),),
        ),
        PlannerStage(
            "argue", argue, Says, (StagePrompt("stance-speak", "move, utterance", sample=_speak_sample),)
        ),
    ),
    about="counterclaims, the other's predicted attitude towards each, then an answer to the weightiest",
    source="Han et al. 2025, ToMAP: Training Opponent-Aware LLM Persuaders with Theory of Mind "
    "(counterclaims, attitude predictor)",
    settings=StanceSettings,
)
