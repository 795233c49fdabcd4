"""Regenerating in a Ray cluster: attempts that share a review are an item of a task.

Reviews and attempts are told as they are made and kept where the regeneration was begun, as on one machine.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from negosim.cluster import Perform, Send, TaskTools, connected, refuse_in_process, refuse_objects
from negosim.models import Budget, ChatModel, ModelSpec
from negosim.prompts import area_templates
from negosim.rl._card import Card
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._back_ends import EMBEDDED, Chosen, open_back_ends
from negosim.rl.hindsight._pipeline import Pipeline
from negosim.rl.hindsight._progress import Attempt, Progress, ReviewRecord
from negosim.rl.hindsight._protocol import PLACES
from negosim.rl.hindsight._setting import Setting

MOST_AT_ONCE = 10_000
"""Calls at once in a task: how many there are is decided by how many items it does at a time."""


@dataclass(frozen=True)
class Attempts:
    """Attempts with one review of a dialogue."""

    parent: Trajectory
    numbers: tuple[int, ...]
    review: ReviewRecord | None = None
    """The review, where it is there already."""


@dataclass(frozen=True)
class MadeReview:
    """A review that was made, and whether it is kept."""

    review: ReviewRecord
    keep: bool


@dataclass(frozen=True)
class MadeAttempt:
    """An attempt that was made, and whether it is kept."""

    attempt: Attempt
    keep: bool


@dataclass
class ToldProgress:
    """Progress of some attempts, told where the regeneration was begun."""

    send: Send
    reviews: dict[tuple[str, int], ReviewRecord] = field(default_factory=dict)
    attempts: dict[tuple[str, int], Attempt] = field(default_factory=dict)

    def add_review(self, review: ReviewRecord, *, keep: bool = True) -> None:
        """Tell of a review."""
        self.reviews[review.parent, review.number] = review
        self.send(MadeReview(review, keep))

    def add_attempt(self, attempt: Attempt, *, keep: bool = True) -> None:
        """Tell of an attempt."""
        self.attempts[attempt.parent, attempt.number] = attempt
        self.send(MadeAttempt(attempt, keep))


@dataclass(frozen=True)
class HindsightWork:
    """Regenerating on any machine."""

    chosen: Chosen
    setting: Setting
    card: Card
    originals: Sequence[Trajectory]
    seed: int
    hard_share: float
    prompts: str | Path | None
    cache: bool

    @asynccontextmanager
    async def opened(self, tools: TaskTools) -> AsyncIterator[Perform]:
        """Open the back ends.

        Raises:
            UserError: a model cannot be opened or reached from there.

        """
        async with open_back_ends(
            self.chosen,
            self.setting,
            self.card,
            self.originals,
            seed=self.seed,
            concurrency=MOST_AT_ONCE,
            chat_models={},
            templates=area_templates("hindsight", self.prompts),
            cache=self.cache,
            budget=tools.budget,
            answers=tools.answers,
        ) as opened:

            async def perform(item: Attempts, send: Send) -> None:
                progress = ToldProgress(send)
                if item.review is not None:
                    progress.reviews[item.parent.id, item.review.number] = item.review
                pipeline = Pipeline(
                    opened.back_ends, self.setting, progress, hard_share=self.hard_share, seed=self.seed
                )
                for number in item.numbers:
                    await pipeline.attempt(item.parent, number)

            yield perform


@dataclass(frozen=True)
class RemoteHindsight:
    """One regeneration in a cluster."""

    ray: str
    work: HindsightWork
    concurrency: int
    budget: Budget | None

    async def attempts(
        self, some: Sequence[tuple[Trajectory, int]], progress: Progress
    ) -> AsyncIterator[Attempt]:
        """Make attempts that are not in the progress, and note them there; yield them as they are made."""
        wanted: dict[tuple[str, int], tuple[Trajectory, list[int]]] = {}
        for parent, number in some:
            if (parent.id, number) not in progress.attempts:
                wanted.setdefault((parent.id, number // PLACES), (parent, []))[1].append(number)
        items = [Attempts(parent, tuple(numbers)) for parent, numbers in wanted.values()]

        def renewed(item: Attempts) -> Attempts:
            left = tuple(one for one in item.numbers if (item.parent.id, one) not in progress.attempts)
            review = progress.reviews.get((item.parent.id, item.numbers[0] // PLACES))
            return Attempts(item.parent, left, review)

        if not items:
            return
        asks = bool(self.work.chosen.chat_models)
        with connected(self.ray) as cluster:
            async for received in cluster.perform(
                self.work,
                items,
                count=len(items),
                concurrency=self.concurrency if asks else None,
                cache=self.work.cache and asks,
                budget=self.budget,
                renew=renewed,
            ):
                if isinstance(received.content, MadeReview):
                    progress.add_review(received.content.review, keep=received.content.keep)
                elif isinstance(received.content, MadeAttempt):
                    progress.add_attempt(received.content.attempt, keep=received.content.keep)
                    yield received.content.attempt


def check_remote(chosen: Chosen, chat_models: Mapping[str, ChatModel]) -> None:
    """Check that a regeneration can go to other machines.

    Raises:
        UserError: something of it is bound to this process.

    """
    refuse_objects(chat_models)
    named = (chosen.controller, chosen.forward, chosen.reward, chosen.hard_forward or EMBEDDED)
    refuse_in_process((), named)
    refuse_in_process(ModelSpec.parse(name) for name in chosen.chat_models)
