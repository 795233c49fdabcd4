"""The engine: the turn and dialogue graphs, and running many of them."""

from negosim.engine._events import DialogueFinished, DialogueStarted, Event, TurnFinished, Watcher

__all__ = ["DialogueFinished", "DialogueStarted", "Event", "TurnFinished", "Watcher"]
