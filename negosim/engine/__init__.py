"""The engine: the turn and dialogue graphs, and running many of them."""

from negosim.engine._events import DialogueFinished, DialogueStarted, Event, RunStarted, TurnFinished, Watcher
from negosim.engine._generate import generate, generate_async, resume, resume_async
from negosim.engine._mermaid import mermaid
from negosim.engine._plan import Job, plan
from negosim.engine._predict import Forecast, StageForecast, predict, predict_async
from negosim.engine._preview import preview

__all__ = [
    "DialogueFinished",
    "DialogueStarted",
    "Event",
    "Forecast",
    "Job",
    "RunStarted",
    "StageForecast",
    "TurnFinished",
    "Watcher",
    "generate",
    "generate_async",
    "mermaid",
    "plan",
    "predict",
    "predict_async",
    "preview",
    "resume",
    "resume_async",
]
