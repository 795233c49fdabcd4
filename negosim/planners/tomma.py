"""The planner `tomma`: what keeps the other from the goal, what draws it there, and an answer to it."""

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from negosim.agents import Asks, Said, Says, capable
from negosim.engine import Deliberation, DialogueContext, Participant
from negosim.planners import Planner, PlannerStage, StagePrompt
from negosim.views import View


class Motive(BaseModel):
    """Something the other wants, and the belief about the goal that goes with it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    desire: Said
    belief: Said


class MindAnswer(BaseModel):
    """What `tomma-mind` asks for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    preventive: Motive | None
    """What keeps the other from the goal; None where nothing does."""
    generative: Motive
    """What could draw the other towards it."""


async def predict(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Predict the other's desires and beliefs, those against the goal and those for it."""
    view = turn["view"]
    other = view.side.roles[_other(view)]
    mind = await capable(participant.agent, Asks).ask("tomma-mind", view, MindAnswer, other=other)
    return {"view": replace(view, reflection=in_words(mind, other.name)), "notes": mind}


def in_words(mind: MindAnswer, name: str) -> str:
    """Write a prediction as a thought."""
    parts = []
    if mind.preventive is not None:
        against = mind.preventive
        parts.append(f"What keeps {name} from it: wants {against.desire} and believes {against.belief}")
    drawn = mind.generative
    parts.append(f"What could draw {name} to it: wants {drawn.desire} and believes {drawn.belief}")
    return ". ".join(part.rstrip(".") for part in parts) + "."


async def address(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Pick one of the predicted desires and beliefs, and answer to it."""
    view, mind = turn["view"], turn["notes"]
    targets = ["generative desire", "generative belief"]
    if mind.preventive is not None:
        targets = ["preventive desire", "preventive belief", *targets]
    target: Any = Literal[tuple(targets)]
    thought, speech = await capable(participant.agent, Says).say(
        "tomma-speak", view, {"target": target}, mind=mind.model_dump(), other=view.side.roles[_other(view)]
    )
    reflection = f"{view.reflection} I answer to the {thought['target']}."
    seen = replace(view, reflection=reflection, draft=speech.utterance)
    return {"view": seen, "speech": speech, "notes": None}


def _other(view: View) -> int:
    """Return whom it is about: who spoke last of the others, else the next one."""
    last = view.last
    return last.role if last is not None and last.role != view.side.index else view.side.others[0]


def _mind_sample(view: View) -> dict[str, Any]:
    return {"other": view.side.roles[_other(view)]}


def _speak_sample(view: View) -> dict[str, Any]:
    motive = {"desire": "(a desire)", "belief": "(a belief)"}
    return {**_mind_sample(view), "mind": {"preventive": motive, "generative": motive}}


TOMMA = Planner(
    stages=(
        PlannerStage(
            "predict",
            predict,
            Asks,
            (StagePrompt("tomma-mind", "preventive, generative", sample=_mind_sample),),
        ),
        PlannerStage(
            "address",
            address,
            Says,
            (StagePrompt("tomma-speak", "target, move, utterance", sample=_speak_sample),),
        ),
    ),
    about="theory of mind: the other's desires and beliefs against and for the goal, then an answer to one",
    source="Zhang & Zhou 2025, Persuasion Should be Double-Blind: A Multi-Domain Dialogue Dataset With "
    "Faithfulness Based on Causal Theory of Mind (ToMMA)",
)
