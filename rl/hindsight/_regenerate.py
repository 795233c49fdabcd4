"""Growing a set of dialogues by hindsight: originals unchanged, then regenerations of them."""

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from negosim._loop import run_coroutine
from negosim.errors import BudgetError, ProtocolError, UserError
from negosim.importing import Drops
from negosim.models import Budget, ChatModel, GivenModel, account_of, name_of
from negosim.prompts import AREAS, area_templates
from negosim.records import Call, StageAccount
from negosim.rl._card import Card
from negosim.rl._io import read_card, read_trajectories, write_trajectories
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._back_ends import EMBEDDED, Chosen, open_back_ends
from negosim.rl.hindsight._pipeline import Pipeline
from negosim.rl.hindsight._progress import Attempt, Progress
from negosim.rl.hindsight._protocol import HARD_SHARE, PLACES
from negosim.rl.hindsight._remote import HindsightWork, RemoteHindsight, check_remote
from negosim.rl.hindsight._setting import setting_of

logger = logging.getLogger(__name__)

MOST_TRIES = 3
"""Attempts made for each regeneration wanted of a dialogue, before its set stays smaller than asked for."""

DUPLICATE = "the regeneration has the words of another dialogue"


def regenerate(
    source: str | Path,
    out: str | Path,
    *,
    factor: float = 5.0,
    controller: GivenModel = EMBEDDED,
    forward: GivenModel = EMBEDDED,
    hard_forward: str | None = None,
    reward_model: GivenModel = EMBEDDED,
    hard_share: float = HARD_SHARE,
    seed: int = 0,
    concurrency: int = 1,
    cache: bool = True,
    budget: Budget | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    prompts: str | Path | None = None,
    watch: Callable[[int, int], None] | None = None,
    ray: str | None = None,
) -> Card:
    """Grow a folder of trajectories by hindsight regeneration and write the result to a new folder.

    Every regeneration has its parent's split and names it in `ancestry`. What fails is counted in the
    data card. Equal input, seed and answers of models give equal trajectories at any concurrency.
    A regeneration that was stopped or killed goes on where it was when it is called again. Within a
    running event loop, such as a notebook's, await `regenerate_async`, which takes the same.

    Args:
        source: a folder of original trajectories.
        out: the folder to make.
        factor: size of the result as a multiple of the originals, which are in it; 5 as in the paper.
        controller: "embedded" or a chat model; it names what the agent should have said.
        forward: "embedded", a chat model, or "policy:PATH" for one trained with `--algo forward`.
        hard_forward: "policy:PATH" of the hard forward model, where `forward` is a policy; None: there is
            none, and `hard_share` is 0.
        reward_model: "embedded" or a chat model; it says what a regeneration was worth.
        hard_share: share of regenerations that the hard forward model completes, 0 to 1.
        seed: of every random choice.
        concurrency: model calls at once.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        chat_models: models of the caller's own, by the name that stands for them above.
        prompts: folder whose subfolder `hindsight` has templates that override single ones.
        watch: called with regenerations made and wanted.
        ray: a Ray cluster that regenerates: HOST:PORT of its head; "auto", one that runs here or is begun
            here; "local", one begun here.

    Returns:
        The data card of the result.

    Raises:
        UserError: an argument or the source is wrong, or a model cannot be reached.
        ProtocolError: nothing usable came out at all.
        ModelError: every call of a model fails, as with a refused key. What was made is kept for the next
            time; so with the following.
        BudgetError: the budget is used up.

    Examples:
        >>> from negosim.rl.hindsight import regenerate
        >>> card = regenerate("trajectories", "grown", factor=2, seed=1)

    """
    return run_coroutine(
        regenerate_async(
            source,
            out,
            factor=factor,
            controller=controller,
            forward=forward,
            hard_forward=hard_forward,
            reward_model=reward_model,
            hard_share=hard_share,
            seed=seed,
            concurrency=concurrency,
            cache=cache,
            budget=budget,
            chat_models=chat_models,
            prompts=prompts,
            watch=watch,
            ray=ray,
        )
    )


async def regenerate_async(
    source: str | Path,
    out: str | Path,
    *,
    factor: float = 5.0,
    controller: GivenModel = EMBEDDED,
    forward: GivenModel = EMBEDDED,
    hard_forward: str | None = None,
    reward_model: GivenModel = EMBEDDED,
    hard_share: float = HARD_SHARE,
    seed: int = 0,
    concurrency: int = 1,
    cache: bool = True,
    budget: Budget | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    prompts: str | Path | None = None,
    watch: Callable[[int, int], None] | None = None,
    ray: str | None = None,
) -> Card:
    """Grow a folder of trajectories by hindsight regeneration, within a running event loop.

    It is `regenerate` for callers that have a loop, such as notebooks.

    Args:
        source: a folder of original trajectories.
        out: the folder to make.
        factor: size of the result as a multiple of the originals, which are in it; 5 as in the paper.
        controller: "embedded" or a chat model; it names what the agent should have said.
        forward: "embedded", a chat model, or "policy:PATH" for one trained with `--algo forward`.
        hard_forward: "policy:PATH" of the hard forward model, where `forward` is a policy; None: there is
            none, and `hard_share` is 0.
        reward_model: "embedded" or a chat model; it says what a regeneration was worth.
        hard_share: share of regenerations that the hard forward model completes, 0 to 1.
        seed: of every random choice.
        concurrency: model calls at once.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        chat_models: models of the caller's own, by the name that stands for them above.
        prompts: folder whose subfolder `hindsight` has templates that override single ones.
        watch: called with regenerations made and wanted.
        ray: a Ray cluster that regenerates: HOST:PORT of its head; "auto", one that runs here or is begun
            here; "local", one begun here.

    Returns:
        The data card of the result.

    Raises:
        UserError: an argument or the source is wrong, or a model cannot be reached.
        ProtocolError: nothing usable came out at all.
        ModelError: every call of a model fails, as with a refused key. What was made is kept for the next
            time; so with the following.
        BudgetError: the budget is used up.

    Examples:
        >>> import asyncio
        >>> from negosim.rl.hindsight import regenerate_async
        >>> card = asyncio.run(regenerate_async("trajectories", "grown-too", factor=2, seed=1))

    """
    _check_arguments(factor, hard_share, concurrency)
    target = _free_folder(out)
    card, originals = _originals(source)
    setting = setting_of(card, originals)
    chosen = Chosen(
        controller=name_of(controller),
        forward=name_of(forward),
        hard_forward=hard_forward,
        reward=name_of(reward_model),
    )
    if ray is not None:
        check_remote(chosen, chat_models or {})
    hard_share = hard_share if chosen.has_hard(setting) else 0.0
    templates = area_templates("hindsight", prompts)
    if prompts is not None and not chosen.chat_models:
        logger.warning("templates in %s are not used: no chat model is named", prompts)
    made_from: dict[str, Any] = {
        "source": _digest(originals),
        "seed": seed,
        "hard_share": hard_share,
        "prompts": templates.hash(AREAS["hindsight"]),
    }
    async with open_back_ends(
        chosen,
        setting,
        card,
        originals,
        seed=seed,
        concurrency=concurrency,
        chat_models=chat_models or {},
        templates=templates,
        cache=cache,
        budget=budget,
    ) as opened:
        made_from |= opened.identity
        progress = Progress(target, made_from)
        try:
            pipeline = Pipeline(opened.back_ends, setting, progress, hard_share=hard_share, seed=seed)
            remote = None
            if ray is not None:
                work = HindsightWork(chosen, setting, card, originals, seed, hard_share, prompts, cache)
                remote = RemoteHindsight(ray, work, concurrency, budget)
            growth = Growth(pipeline, progress, originals, width=opened.width, remote=remote)
            await growth.grow(factor, watch or (lambda made, wanted: None))
            written = _write(target, card, growth, {**made_from, "factor": factor})
            progress.finish()
            return written
        finally:
            progress.close()


def _write(target: Path, card: Card, growth: "Growth", settings: dict[str, Any]) -> Card:
    """Write originals and regenerations, in the format of the originals."""
    drops = growth.drops()
    if not growth.products:
        listed = "; ".join(f"{count:,} times {why}" for why, count in drops.counts.most_common())
        raise ProtocolError(f"no dialogue could be regenerated: {listed or 'nothing was suggested'}")
    original = {**card.origin.settings, "dropped": card.dropped, "altered": card.altered}
    origin = card.origin.model_copy(
        update={"settings": {"hindsight": {**settings, **growth.summary()}, "original": original}}
    )
    format: Literal["jsonl", "parquet"] = "parquet" if card.file.endswith(".parquet") else "jsonl"
    return write_trajectories(
        target, [*growth.originals, *growth.products], origin, drops=drops, format=format
    )


class Growth:
    """The regenerations made so far."""

    def __init__(
        self,
        pipeline: Pipeline,
        progress: Progress,
        originals: Sequence[Trajectory],
        *,
        width: int,
        remote: RemoteHindsight | None = None,
    ) -> None:
        """Take the dialogues.

        `width` is how many attempts are under way at once; `remote` makes them, where a cluster does.
        """
        self._remote = remote
        self.products: list[Trajectory] = []
        """In the order of parents and attempts."""
        self._pipeline = pipeline
        self._progress = progress
        self.originals = originals
        self.wanted = 0
        """Regenerations asked for."""
        self._width = width
        self._words = {_words(one) for one in originals}
        self._tried: list[tuple[Trajectory, int]] = []
        self._duplicates: list[str] = []

    async def grow(self, factor: float, watch: Callable[[int, int], None]) -> None:
        """Make regenerations until the set has grown by the factor, or every dialogue was tried enough.

        As many attempts are made as regenerations are missing, then as many as are missing still: which
        ones are made depends on what came of the ones before, never on which came first.
        """
        wanted = self.wanted = max(1, round(factor * len(self.originals)) - len(self.originals))
        most = MOST_TRIES * max(1, round(factor - 1))
        todo = ((parent, number) for number in range(most) for parent in self.originals)
        products: list[Trajectory] = []
        watch(0, wanted)
        while len(products) < wanted and (some := list(islice(todo, wanted - len(products)))):
            done = await self._attempts(some, lambda made: watch(len(products) + made, wanted))
            self._tried += some
            for attempt in done:
                if attempt.product is None:
                    continue
                words = _words(attempt.product)
                if words in self._words:
                    self._duplicates.append(attempt.product.id)
                else:
                    self._words.add(words)
                    products.append(attempt.product)
        watch(len(products), wanted)
        place = {one.id: number for number, one in enumerate(self.originals)}
        self.products = sorted(
            products, key=lambda one: (place[_parent(one)], (one.ancestry or {})["attempt"])
        )

    async def _attempts(
        self, some: Sequence[tuple[Trajectory, int]], watch: Callable[[int], None]
    ) -> list[Attempt]:
        """Make attempts, several at once; return them in order. The first error of ours stops all."""
        if self._remote is not None:
            return await self._attempts_elsewhere(self._remote, some, watch)
        found: dict[int, Attempt] = {}
        queue = iter(enumerate(some))
        made = 0

        async def worker() -> None:
            nonlocal made
            for number, (parent, attempt) in queue:
                found[number] = await self._pipeline.attempt(parent, attempt)
                made += found[number].product is not None
                watch(made)
                await asyncio.sleep(0)  # rules never wait for anything; let Ctrl-C through

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._width, len(some))):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            raise min(errors.exceptions, key=lambda error: isinstance(error, BudgetError)) from None
        return [found[number] for number in range(len(some))]

    async def _attempts_elsewhere(
        self,
        remote: RemoteHindsight,
        some: Sequence[tuple[Trajectory, int]],
        watch: Callable[[int], None],
    ) -> list[Attempt]:
        """Make attempts in a cluster; return them in order."""
        attempts, keys = self._progress.attempts, [(parent.id, number) for parent, number in some]
        made = sum(attempts[key].product is not None for key in keys if key in attempts)
        watch(made)
        async for attempt in remote.attempts(some, self._progress):
            made += attempt.product is not None
            watch(made)
        return [attempts[key] for key in keys]

    def drops(self) -> Drops:
        """Return what was discarded, by reason."""
        drops, reviewed = Drops(), set[tuple[str, int]]()
        for parent, number in self._tried:
            attempt = self._progress.attempts[parent.id, number]
            review = self._progress.reviews[parent.id, number // PLACES]
            if (key := (review.parent, review.number)) not in reviewed:
                reviewed.add(key)
                where = f"{parent.id}, review {review.number + 1}"
                reasons = [review.failure] if review.failure else self._pipeline.places(parent, review)[1]
                for reason in reasons:
                    drops.add(reason, where)
            if attempt.failure:
                drops.add(attempt.failure, f"{parent.id}, attempt {number + 1}")
        for name in self._duplicates:
            drops.add(DUPLICATE, name)
        return drops

    def summary(self) -> dict[str, Any]:
        """Return what the regenerations took: counts, and the account of models."""
        kinds = Counter((one.ancestry or {})["forward_kind"] for one in self.products)
        keys = {(parent.id, number // PLACES) for parent, number in self._tried}
        reviews = [self._progress.reviews[key] for key in sorted(keys)]
        attempts = [self._progress.attempts[parent.id, number] for parent, number in self._tried]
        rows = [row for one in reviews for row in one.account]
        rows += [row for one in attempts for row in one.account]
        return {
            "wanted": self.wanted,
            "made": len(self.products),
            "attempts": sum(1 for one in attempts if one.product or one.failure),
            "reviews": len(reviews),
            "suggestions": sum(len(review.suggestions) for review in reviews),
            "forward_kinds": dict(sorted(kinds.items())),
            "account": [row.model_dump(mode="json", exclude={"role", "seconds"}) for row in _account(rows)],
        }


def _account(rows: Sequence[StageAccount]) -> tuple[StageAccount, ...]:
    return account_of(Call(**row.model_dump()) for row in rows)


def _parent(product: Trajectory) -> str:
    return str((product.ancestry or {})["parent"])


def _words(dialogue: Trajectory) -> bytes:
    """Return a key of what was said, case and spacing overlooked."""
    text = "\n".join("".join(f"{turn.role}{turn.text}".split()).casefold() for turn in dialogue.turns)
    return hashlib.sha256(text.encode()).digest()


def _free_folder(out: str | Path) -> Path:
    target = Path(out).expanduser()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{str(out)!r} is not an empty folder; choose another --out or remove it")
    return target


def _originals(source: str | Path) -> tuple[Card, list[Trajectory]]:
    path = Path(source).expanduser()
    originals = list(read_trajectories(path))
    if not originals:
        raise UserError(f"{str(source)!r} holds no trajectories; there is nothing to regenerate")
    grown = next((one.id for one in originals if one.ancestry is not None), None)
    if grown is not None:
        raise UserError(
            f"{str(source)!r} has been grown already ({grown!r} is a regeneration); give the originals"
        )
    return read_card(path if path.is_dir() else path.parent), originals


def _digest(originals: Sequence[Trajectory]) -> str:
    digest = hashlib.sha256()
    for one in originals:
        digest.update(one.model_dump_json().encode())
    return f"sha256:{digest.hexdigest()}"


def _check_arguments(factor: float, hard_share: float, concurrency: int) -> None:
    if not factor > 1:
        raise UserError(f"factor must be above 1 (the originals alone are 1), not {factor:g}")
    if not 0 <= hard_share <= 1:
        raise UserError(f"the hard share must be from 0 to 1, not {hard_share:g}")
    if concurrency < 1:
        raise UserError(f"concurrency must be at least 1, not {concurrency}")
