"""Mapping a seed set into other domains: planned, made several at once, kept as it comes, post-processed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from shutil import rmtree

from filelock import FileLock, Timeout

from negosim._files import check_makeable
from negosim._loop import run_coroutine
from negosim.errors import UserError
from negosim.gnome._answers import AnswerFile, AnswerRow
from negosim.gnome._finish import finish_mapping
from negosim.gnome._map_plan import COPIES, MappingPlan, mapping_plan
from negosim.gnome._mappers import RULES, Mapper, MappingJob, ModelMapper, RuleMapper
from negosim.gnome._post import MOST_LEFT
from negosim.gnome._skew import TOP
from negosim.models import Budget, ChatModel, GivenModel, open_clients
from negosim.records import StageAccount
from negosim.store import Run

AHEAD = 4
"""Mappings begun before the first of them is stored, as a multiple of the calls at once: some take longer."""

Watch = Callable[[int, int], None]


def map_dialogues(
    runs: Sequence[Run],
    out: str | Path,
    *,
    copies: int = COPIES,
    top: int = TOP,
    mapper: GivenModel = RULES,
    domains: Sequence[str] = (),
    seed: int = 0,
    most_left: float = MOST_LEFT,
    concurrency: int = 4,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    prompts: str | Path | None = None,
    watch: Watch = lambda made, wanted: None,
) -> Run:
    """Map the labelled dialogues of runs into other domains, and make a run of what can be used.

    One that was stopped or killed goes on when it is called again with the same settings; what it made is
    kept in a folder beside `out` until then. Equal seeds and answers give equal dialogues, byte for byte, at
    any concurrency.

    Args:
        runs: imported data sets, or seed sets of `write_seeds`.
        out: the run folder to make.
        copies: mappings of each seed dialogue.
        top: seed dialogues of each source, those richest in rare strategies.
        mapper: "rules", which is no language model, or a chat model.
        domains: what to map to; (): those the rules have lexicons for, or for a model drawn ones; ("free",):
            a model names its own.
        seed: another seed draws other domains, quantities and answers.
        most_left: share of utterances that may have words of the source's domain.
        concurrency: calls at once.
        chat_models: models of the caller's own, by name.
        cache: whether models' answers are kept and taken again.
        budget: of all calls.
        prompts: folder of templates that override single ones, in its subfolder `gnome`.
        watch: told how many mappings are made, and how many there will be.

    Returns:
        The run, whose dialogues name their parents.

    Raises:
        UserError: a run, domain or setting is wrong, or the folder cannot be written.
        ModelError: the model fails for all; what was mapped is kept.
        BudgetError: the budget is used up; what was mapped is kept.

    Examples:
        >>> import negosim
        >>> from negosim.gnome import map_dialogues
        >>> run = map_dialogues([negosim.Run.open("casino")], "mapped", copies=2, top=10)
        >>> {dialogue.models for dialogue in run}
        {('rules', 'rules')}

    """
    return run_coroutine(
        map_dialogues_async(
            runs,
            out,
            copies=copies,
            top=top,
            mapper=mapper,
            domains=domains,
            seed=seed,
            most_left=most_left,
            concurrency=concurrency,
            chat_models=chat_models,
            cache=cache,
            budget=budget,
            prompts=prompts,
            watch=watch,
        )
    )


async def map_dialogues_async(
    runs: Sequence[Run],
    out: str | Path,
    *,
    copies: int = COPIES,
    top: int = TOP,
    mapper: GivenModel = RULES,
    domains: Sequence[str] = (),
    seed: int = 0,
    most_left: float = MOST_LEFT,
    concurrency: int = 4,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    prompts: str | Path | None = None,
    watch: Watch = lambda made, wanted: None,
) -> Run:
    """Map the labelled dialogues of runs within a running event loop; it is `map_dialogues` for notebooks.

    Args:
        runs: imported data sets, or seed sets of `write_seeds`.
        out: the run folder to make.
        copies: mappings of each seed dialogue.
        top: seed dialogues of each source, those richest in rare strategies.
        mapper: "rules", which is no language model, or a chat model.
        domains: what to map to; (): those the rules have lexicons for, or for a model drawn ones; ("free",):
            a model names its own.
        seed: another seed draws other domains, quantities and answers.
        most_left: share of utterances that may have words of the source's domain.
        concurrency: calls at once.
        chat_models: models of the caller's own, by name.
        cache: whether models' answers are kept and taken again.
        budget: of all calls.
        prompts: folder of templates that override single ones, in its subfolder `gnome`.
        watch: told how many mappings are made, and how many there will be.

    Returns:
        The run, whose dialogues name their parents.

    Raises:
        UserError: a run, domain or setting is wrong, or the folder cannot be written.
        ModelError: the model fails for all; what was mapped is kept.
        BudgetError: the budget is used up; what was mapped is kept.

    Examples:
        >>> import asyncio, negosim
        >>> from negosim.gnome import map_dialogues_async
        >>> casino = negosim.Run.open("casino")
        >>> run = asyncio.run(map_dialogues_async([casino], "mapped", copies=2, top=10))

    """
    given = chat_models or {}
    plan = mapping_plan(runs, out, mapper, given, copies, top, domains, seed, prompts)
    if concurrency < 1:
        raise UserError(f"concurrency must be at least 1, not {concurrency}")
    check_makeable(plan.out)
    work = mapping_folder(plan.out)
    with _locked(work):
        answers = AnswerFile(work, plan.settings)
        try:
            mappers = _opened(plan, given, cache, budget)
            await _answer(plan.jobs, answers, mappers, concurrency, watch)
        finally:
            answers.close()
            if not answers.rows:
                rmtree(work)
        run = finish_mapping(plan.out, plan.seeds, answers, plan.settings, most_left)
    rmtree(work)
    return run


def mapping_folder(out: Path) -> Path:
    """Return the folder in which answers are kept while a run is being mapped."""
    return out.with_name(f"{out.name}.mapping")


async def _answer(
    jobs: Sequence[MappingJob],
    answers: AnswerFile,
    mappers: AbstractAsyncContextManager[Mapper],
    concurrency: int,
    watch: Watch,
) -> None:
    """Make what is left, `concurrency` at once, and store it in the order it was planned."""
    left = list(jobs[len(answers.rows) :])
    if not left:
        return
    limit = asyncio.Semaphore(concurrency)

    async def made(mapper: Mapper, job: MappingJob) -> tuple[AnswerRow, tuple[StageAccount, ...]]:
        async with limit:
            return await mapper.map(job)

    async with mappers as mapper:
        under_way: list[asyncio.Task[tuple[AnswerRow, tuple[StageAccount, ...]]]] = []
        try:
            while left or under_way:
                while left and len(under_way) < AHEAD * concurrency:
                    under_way.append(asyncio.create_task(made(mapper, left.pop(0))))
                row, account = await under_way.pop(0)
                answers.append(row, account)
                watch(len(answers.rows), len(jobs))
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def _opened(
    plan: MappingPlan, given: Mapping[str, ChatModel], cache: bool, budget: Budget | None
) -> AsyncIterator[Mapper]:
    if plan.mapper == RULES:
        yield RuleMapper(plan.settings["domains"])
        return
    async with open_clients(plan.specs, given, cache=cache, budget=budget) as clients:
        client = clients[plan.mapper]
        assert client is not None
        if plan.mapper in given:
            client.temperature = 1.0
        yield ModelMapper(client, plan.templates)


@contextmanager
def _locked(work: Path) -> Iterator[None]:
    """Keep other processes from the same mapping.

    Raises:
        UserError: another process is at it.

    """
    work.parent.mkdir(parents=True, exist_ok=True)
    place = work.with_name(f".{work.name}.lock")
    try:
        with FileLock(place, timeout=0):
            yield
    except Timeout:
        raise UserError(f"{work} is being mapped by another process; wait for it") from None
    finally:
        place.unlink(missing_ok=True)
