"""Code plugins of the example package: an agent, a planner, a judge and a model provider."""

from collections.abc import Sequence
from dataclasses import replace

from pydantic import BaseModel

from negosim.agents import AgentContext, Asks, Speech, capable
from negosim.engine import Deliberation, DialogueContext, Participant
from negosim.judging import Item, QuestionSet, Task
from negosim.models import ChatRequest, ModelSpec, ScriptedModel
from negosim.planners import SPEAK, Planner, PlannerStage, StagePrompt
from negosim.records import Judgement, Utterance
from negosim.views import View


class Clerk:
    """A clerk of the harbour, who takes note of everything and gives nothing away."""

    def __init__(self, context: AgentContext) -> None:
        self.model = context.spec.name

    async def speak(self, view: View) -> Speech:
        """Take note."""
        return Speech(Utterance(text=f"Noted as item {view.turn_index + 1}.", action="talk"))

    async def concluded(self, view: View) -> bool:
        """Close the book after two rounds."""
        return view.turn_index >= 2 * len(view.side.roles)


class Weighing(BaseModel):
    """What a chat model answers to `weigh.j2`."""

    thought: str


async def weigh(turn: Deliberation, participant: Participant, context: DialogueContext) -> Deliberation:
    """Weigh up going on against giving way."""
    view = turn["view"]
    answer = await capable(participant.agent, Asks).ask("weigh", view, Weighing)
    return {"view": replace(view, reflection=answer.thought)}


WEIGH_UP = Planner(
    stages=(PlannerStage("weigh", weigh, Asks, (StagePrompt("weigh", "thought"),)), SPEAK),
    about="one thought on going on or giving way, then the utterance",
)


class Rules:
    """A judge that answers yes to whatever can be answered so."""

    async def answer(self, task: Task, asked: QuestionSet, items: Sequence[Item]) -> Sequence[Judgement]:
        """Answer every item of a set."""
        plain = {question.id for question in asked.questions if question.answer == "yes_no"}
        return [
            item.judged("ok", value=True)
            if item.question in plain
            else item.judged("not_applicable", reason="the rules say yes or nothing")
            for item in items
        ]


def echo(spec: ModelSpec) -> ScriptedModel:
    """A model that says its own name and how often it was asked."""
    count = 0

    def answer(request: ChatRequest) -> dict[str, object]:
        nonlocal count
        count += 1
        wanted = request.schema["properties"]
        if "concluded" in wanted:
            return {"concluded": count > 12}
        if "thought" in wanted:
            return {"thought": f"{spec.target} has thought {count} times"}
        return {
            "utterance": f"{spec.target} speaks, number {count}.",
            "move": {"action": "talk", "offer": None},
        }

    return ScriptedModel(answer, name=spec.name)
