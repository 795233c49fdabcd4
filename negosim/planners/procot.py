"""The planner `procot`: where the dialogue stands, the strategy that follows from it, the reply; one call."""

from dataclasses import replace
from typing import Any, Literal

from negosim.agents import Said, Says, capable
from negosim.engine import Deliberation, DialogueContext, Participant
from negosim.planners import Planner, PlannerStage, StagePrompt


async def analyse_and_speak(
    turn: Deliberation, participant: Participant, context: DialogueContext
) -> Deliberation:
    """Say where the dialogue stands, pick one of the strategies, and reply with it, in one call."""
    view = turn["view"]
    strategy: Any = Literal[tuple(view.side.tactics.by_id)]
    thought, speech = await capable(participant.agent, Says).say(
        "procot", view, {"analysis": Said, "strategy": strategy}
    )
    return {
        "view": replace(view, reflection=thought["analysis"], draft=speech.utterance),
        "speech": replace(speech, tactic=thought["strategy"]),
    }


PROCOT = Planner(
    stages=(
        PlannerStage(
            "procot",
            analyse_and_speak,
            Says,
            (StagePrompt("procot", "analysis, strategy, move, utterance"),),
        ),
    ),
    about="proactive chain of thought: analysis, one strategy of the list, the reply, in one call",
    source="Deng et al. 2023, Prompting and Evaluating LLMs for Proactive Dialogues (arXiv 2305.13626)",
    picks=1,
)
