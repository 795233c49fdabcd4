"""The engine: the turn and dialogue graphs, and running many of them."""

from negosim.engine._agents import GivenAgent
from negosim.engine._capabilities import lacking_for
from negosim.engine._continue import Continuation, continue_dialogue
from negosim.engine._events import (
    DialogueFinished,
    DialogueStarted,
    Event,
    ModelSized,
    RunStarted,
    ServerSaid,
    TurnFinished,
    Watcher,
)
from negosim.engine._generate import generate, generate_async, resume, resume_async
from negosim.engine._held import HeldConversations, HeldStep, held_conversations
from negosim.engine._mermaid import mermaid
from negosim.engine._plan import Job, plan, seated_models
from negosim.engine._planners import (
    SPEAK,
    Planner,
    PlannerSettings,
    PlannerStage,
    StagePrompt,
    planner_name,
    planner_of,
    settings_identity,
    settings_of,
)
from negosim.engine._predict import Forecast, StageForecast, predict, predict_async
from negosim.engine._preview import preview
from negosim.engine._state import Deliberation, DialogueContext, Participant, answers_of

__all__ = [
    "SPEAK",
    "Continuation",
    "Deliberation",
    "DialogueContext",
    "DialogueFinished",
    "DialogueStarted",
    "Event",
    "Forecast",
    "GivenAgent",
    "HeldConversations",
    "HeldStep",
    "Job",
    "ModelSized",
    "Participant",
    "Planner",
    "PlannerSettings",
    "PlannerStage",
    "RunStarted",
    "ServerSaid",
    "StageForecast",
    "StagePrompt",
    "TurnFinished",
    "Watcher",
    "answers_of",
    "continue_dialogue",
    "generate",
    "generate_async",
    "held_conversations",
    "lacking_for",
    "mermaid",
    "plan",
    "planner_name",
    "planner_of",
    "predict",
    "predict_async",
    "preview",
    "resume",
    "resume_async",
    "seated_models",
    "settings_identity",
    "settings_of",
]
