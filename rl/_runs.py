"""Runs of the engine that corpora and evaluations are made from: begun, or gone on with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from negosim.config import RunConfig
from negosim.engine import DialogueFinished, Event, GivenAgent, RunStarted, generate_async, resume_async
from negosim.models import Budget, ChatModel
from negosim.store import Run


@dataclass(frozen=True)
class Means:
    """With what dialogues are made; nothing of it changes what they are."""

    chat_models: Mapping[str, ChatModel] = field(default_factory=dict)
    """Models of the caller's own, by name."""
    cache: bool = True
    """Whether answers of chat models are kept and taken again."""
    budget: Budget | None = None
    """Of all calls."""
    ray: str | None = None
    """The Ray cluster that plays, if one does."""


async def finished_run(
    config: RunConfig,
    place: Path,
    means: Means,
    *,
    agents: Sequence[GivenAgent | None] = (),
    watch: Callable[[int], None] = lambda over: None,
) -> Run:
    """Make a run, or finish it where it is there already.

    Args:
        config: of the run.
        place: its folder.
        means: with what it is made.
        agents: of the caller's own, as in `generate`.
        watch: told how many dialogues are over.

    Raises:
        UserError: something named is wrong, or the folder holds another run.
        BudgetError, ModelError: a chat model's budget is used up, or its provider is gone; what was made
            is kept.

    """
    over = 0

    def count(event: Event) -> None:
        nonlocal over
        if isinstance(event, RunStarted):
            over = len(event.run) - len(event.again)
        over += isinstance(event, DialogueFinished)
        watch(over)

    if (place / "run.json").exists():
        return await resume_async(
            place, config=None if agents else config, watch=count, agents=agents, **vars(means)
        )
    return await generate_async(config, out=place, watch=count, agents=agents, **vars(means))
