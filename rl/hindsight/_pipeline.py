"""One regeneration after the other: review, new prefix, completion, reward, each checked."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from negosim.errors import ModelError, ProtocolError
from negosim.models import calls_are_of
from negosim.rl._trajectory import Trajectory, TrajectoryTurn
from negosim.rl.hindsight._match import quoted_turn, says_the_same
from negosim.rl.hindsight._progress import Attempt, KnownProgress, ReviewRecord
from negosim.rl.hindsight._protocol import (
    PLACES,
    Completion,
    Controller,
    DiscardedError,
    ForwardModel,
    Prefix,
    RewardModel,
    Step,
    Suggestion,
)
from negosim.rl.hindsight._setting import BEFORE, Setting
from negosim.seeding import Seed

NO_MATCH = "suggestion: what it quotes is no turn of the agent"
NOTHING_NEW = "suggestion: it says what was said"
NO_ROOM = "suggestion: the dialogue is at its cap there"
NO_REVIEW = "controller: no usable answer"
NO_COMPLETION = "forward model: no usable answer"
BAD_COMPLETION = "forward model: speakers do not alternate, or there are too many turns"
NO_END = "forward model: the dialogue neither ends nor reaches the cap"
NO_REWARD = "reward model: no usable answer"
PROVIDER = "a provider failed"


@dataclass(frozen=True)
class BackEnds:
    """Who does what."""

    controller: Controller
    forward: ForwardModel
    reward: RewardModel


@dataclass(frozen=True)
class UsableSuggestion:
    """A suggestion that can be taken up."""

    number: int
    """Among the review's suggestions."""
    turn: int
    """Position of the turn that is replaced."""
    match: float
    suggestion: Suggestion


class Pipeline:
    """Makes regenerations; every result depends on (seed, parent, attempt) and the models alone."""

    def __init__(
        self, back_ends: BackEnds, setting: Setting, progress: KnownProgress, *, hard_share: float, seed: int
    ) -> None:
        self._back_ends = back_ends
        self._setting = setting
        self._progress = progress
        self._hard_share = hard_share
        self._seed = seed
        self._reviewing: dict[tuple[str, int], asyncio.Lock] = {}

    async def attempt(self, parent: Trajectory, number: int) -> Attempt:
        """Make the regeneration of this number, or say why there is none; once in a progress.

        Raises:
            ModelError: the provider fails on everything.
            BudgetError: the budget is used up.

        """
        known = self._progress.attempts.get((parent.id, number))
        if known is not None:
            return known
        calls_are_of(parent.id)
        review = await self._review(parent, number // PLACES)
        step = Step(Seed(self._seed, parent.id, number))
        product, failure, keep = None, None, True
        try:
            product = await self._product(parent, number, review, step)
        except DiscardedError as error:
            failure = str(error)
        except ModelError as error:
            if error.concerns_all:
                raise
            failure, keep = PROVIDER, False
        made = Attempt(
            parent=parent.id, number=number, product=product, failure=failure, account=step.ledger.rows()
        )
        self._progress.add_attempt(made, keep=keep)
        return made

    async def _review(self, parent: Trajectory, number: int) -> ReviewRecord:
        """Return a review of a dialogue; attempts that need the same one wait for it."""
        key = (parent.id, number)
        async with self._reviewing.setdefault(key, asyncio.Lock()):
            known = self._progress.reviews.get(key)
            if known is not None:
                return known
            step, keep = Step(Seed(self._seed, parent.id, number)), True
            suggestions: Sequence[Suggestion] = ()
            failure = None
            try:
                suggestions = await self._back_ends.controller.review(parent, step)
            except ProtocolError:
                failure = NO_REVIEW
            except ModelError as error:
                if error.concerns_all:
                    raise
                failure, keep = PROVIDER, False
            review = ReviewRecord(
                parent=parent.id,
                number=number,
                suggestions=tuple(suggestions)[:PLACES],
                failure=failure,
                account=step.ledger.rows(),
            )
            self._progress.add_review(review, keep=keep)
            return review

    def places(self, parent: Trajectory, review: ReviewRecord) -> tuple[list[UsableSuggestion], list[str]]:
        """Return the suggestions that can be taken up, and why the others cannot."""
        usable, reasons = list[UsableSuggestion](), list[str]()
        for number, suggestion in enumerate(review.suggestions):
            found = quoted_turn(suggestion.said, parent.turns)
            if found is None:
                reasons.append(NO_MATCH)
            elif not suggestion.better or says_the_same(suggestion.better, parent.turns[found[0]].text):
                reasons.append(NOTHING_NEW)
            elif found[0] + 1 >= self._setting.cap:
                reasons.append(NO_ROOM)
            else:
                usable.append(UsableSuggestion(number, *found, suggestion))
        return usable, reasons

    async def _product(
        self, parent: Trajectory, number: int, review: ReviewRecord, step: Step
    ) -> Trajectory | None:
        """Make one regeneration; None where the review has no place left."""
        usable, _ = self.places(parent, review)
        # Attempts with the same review take its places in a random order: each is a random one of them.
        Step(Seed(self._seed, parent.id, review.number)).stream("place").shuffle(usable)
        if number % PLACES >= len(usable):
            return None
        place = usable[number % PLACES]
        hard = step.stream("hard").random() < self._hard_share
        prefix = self._prefix(parent, place)
        completion = await self._complete(prefix, step, hard=hard)
        turns = (*prefix.turns, *completion.turns)
        back_ends = self._back_ends
        product = Trajectory(
            id=f"{parent.id}-hindsight-{number + 1}",
            source=parent.source,
            split=parent.split,
            system=parent.system,
            turns=turns,
            reward=0.0,
            terminal=completion.ended or (self._setting.capped and len(turns) >= self._setting.cap),
            ancestry={
                "parent": parent.id,
                "turn": place.turn,
                "quoted": place.suggestion.said,
                "match": round(place.match, 1),
                "suggestion": place.suggestion.better,
                "why": place.suggestion.why,
                "review": review.number,
                "place": place.number,
                "attempt": number,
                "controller": back_ends.controller.name,
                "forward": back_ends.forward.name,
                "forward_kind": "hard" if hard else "standard",
                "reward_model": back_ends.reward.name,
            },
            meta=prefix.meta,
        )
        try:
            reward = await back_ends.reward.reward(product, step)
        except ProtocolError:
            raise DiscardedError(NO_REWARD) from None
        return product.model_copy(update={"reward": reward})

    def _prefix(self, parent: Trajectory, place: UsableSuggestion) -> Prefix:
        suggestion = place.suggestion
        new = TrajectoryTurn(role="agent", text=suggestion.better, tactic=suggestion.tactic)
        turns = (*parent.turns[: place.turn], new)
        meta = {name: parent.meta[name] for name in BEFORE if name in parent.meta}
        return Prefix(parent.system, meta, turns, self._setting.cap - len(turns), parent.id)

    async def _complete(self, prefix: Prefix, step: Step, *, hard: bool) -> Completion:
        try:
            completion = await self._back_ends.forward.complete(prefix, step, hard=hard)
        except ProtocolError:
            raise DiscardedError(NO_COMPLETION) from None
        check_completion(prefix, completion)
        return completion


def check_completion(prefix: Prefix, completion: Completion) -> None:
    """Check that speakers alternate from the prefix on, within its room, to an end.

    Raises:
        DiscardedError: they do not.

    """
    spoken = (*prefix.turns[-1:], *completion.turns)
    alternating = all(before.role != turn.role for before, turn in pairwise(spoken))
    if not completion.turns or not alternating or len(completion.turns) > prefix.room:
        raise DiscardedError(BAD_COMPLETION)
    if not completion.ended and len(completion.turns) < prefix.room:
        raise DiscardedError(NO_END)
