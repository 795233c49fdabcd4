"""The planner `cot`: reasoning step by step, then the reply, in one call."""

from dataclasses import replace

from negosim.agents import Said, Says, capable
from negosim.engine import Deliberation, DialogueContext, Participant
from negosim.planners import Planner, PlannerStage, StagePrompt


async def reason_and_speak(
    turn: Deliberation, participant: Participant, context: DialogueContext
) -> Deliberation:
    """Reason about the conversation, then say the reply that follows from it, in one call."""
    view = turn["view"]
    thought, speech = await capable(participant.agent, Says).say("cot", view, {"reasoning": Said})
    return {"view": replace(view, reflection=thought["reasoning"], draft=speech.utterance), "speech": speech}


COT = Planner(
    stages=(
        PlannerStage("cot", reason_and_speak, Says, (StagePrompt("cot", "reasoning, move, utterance"),)),
    ),
    about="chain of thought: reasoning, then the reply, in one call",
    source="Wei et al. 2022, Chain-of-Thought Prompting Elicits Reasoning in Large Language Models",
)
