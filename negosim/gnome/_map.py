"""Mapping a seed set into other domains: planned, made several at once, kept as it comes, post-processed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

from filelock import FileLock, Timeout

from negosim._files import check_makeable
from negosim._loop import run_coroutine
from negosim.errors import UserError
from negosim.gnome._answers import AnswerFile
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._domains import FREE, DomainMemory, rule_domains, wished_domains
from negosim.gnome._finish import finish_mapping
from negosim.gnome._labels import map_digest
from negosim.gnome._mappers import RULES, Mapper, MappingJob, ModelMapper, RuleMapper
from negosim.gnome._post import MOST_LEFT
from negosim.gnome._skew import TOP, seed_set
from negosim.gnome._sources import labelled
from negosim.models import Budget, ChatModel, GivenModel, ModelSpec, name_of, open_clients
from negosim.prompts import AREAS, Templates, area_templates
from negosim.store import Run

COPIES = 10
"""Mappings of each seed dialogue, as the paper has it."""

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
    place, name = Path(out).expanduser(), name_of(mapper)
    if not isinstance(name, str):
        raise UserError(f"mapper {mapper!r} is neither 'rules' nor a chat model")
    for what, number in (("copies", copies), ("concurrency", concurrency)):
        if number < 1:
            raise UserError(f"{what} must be at least 1, not {number}")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UserError(f"{str(place)!r} is not an empty folder; choose another --out or remove it")
    seeds = seed_set(labelled(runs).dialogues, top)
    if not seeds:
        raise UserError("the runs have no labelled dialogue that can be mapped: see negosim gnome sources")
    given = chat_models or {}
    specs = {} if name == RULES or name in given else {name: _spec(name)}
    templates = area_templates("gnome", prompts)
    settings: dict[str, Any] = {
        "mapper": name,
        "copies": copies,
        "top": top,
        "seed": seed,
        "domains": list(_domains(name, domains)),
        "seed_set": _digest(seeds),
        "label_map": map_digest(),
        "prompts": None if name == RULES else templates.hash(AREAS["gnome"]),
    }
    jobs = _jobs(seeds, settings)
    check_makeable(place)
    work = mapping_folder(place)
    with _locked(work):
        answers = AnswerFile(work, settings)
        try:
            mappers = _opened(settings, templates, specs, given, cache, budget)
            run_coroutine(_answer(jobs, answers, mappers, concurrency, watch))
        finally:
            answers.close()
            if not answers.rows:
                rmtree(work)
        run = finish_mapping(place, seeds, answers, settings, most_left)
    rmtree(work)
    return run


def mapping_folder(out: Path) -> Path:
    """Return the folder in which answers are kept while a run is being mapped."""
    return out.with_name(f"{out.name}.mapping")


def _domains(mapper: str, given: Sequence[str]) -> Sequence[str]:
    if mapper == RULES:
        if tuple(given) == (FREE,):
            raise UserError("the rule-based mapper cannot name domains of its own; leave the domains out")
        return [domain.name for domain in rule_domains(given)]
    return given or wished_domains()


def _digest(seeds: Sequence[StrategyDialogue]) -> str:
    content = repr([(seed.source, seed.id, seed.group, seed.about, seed.utterances) for seed in seeds])
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def _jobs(seeds: Sequence[StrategyDialogue], settings: Mapping[str, Any]) -> list[MappingJob]:
    """Return what is to be mapped, all dialogues once, then again, so that a part is spread over all."""
    memory = DomainMemory(settings["domains"], settings["seed"])
    free = settings["domains"] == [FREE]
    return [
        MappingJob(
            dialogue, copy, "" if free else memory.draw(f"{dialogue.source}:{dialogue.id}"), settings["seed"]
        )
        for copy in range(1, settings["copies"] + 1)
        for dialogue in seeds
    ]


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
    async with mappers as mapper:
        under_way: list[asyncio.Task[Any]] = []
        try:
            while left or under_way:
                while left and len(under_way) < concurrency:
                    under_way.append(asyncio.create_task(mapper.map(left.pop(0))))
                row, account = await under_way.pop(0)
                answers.append(row, account)
                watch(len(answers.rows), len(jobs))
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def _opened(
    settings: Mapping[str, Any],
    templates: Templates,
    specs: Mapping[str, ModelSpec],
    chat_models: Mapping[str, ChatModel],
    cache: bool,
    budget: Budget | None,
) -> AsyncIterator[Mapper]:
    name = settings["mapper"]
    if name == RULES:
        yield RuleMapper(settings["domains"])
        return
    async with open_clients(specs, chat_models, cache=cache, budget=budget) as clients:
        client = clients[name]
        assert client is not None
        if name in chat_models:
            client.temperature = 1.0
        yield ModelMapper(client, templates)


def _spec(name: str) -> ModelSpec:
    """Return the model's settings: temperature 1 where its name sets no other."""
    spec = ModelSpec.parse(name)
    if not spec.chats:
        raise UserError(f"{name!r} plays and maps nothing; name a chat model, or {RULES!r}")
    if "temperature=" not in name.partition("?")[2]:
        spec = spec.model_copy(update={"temperature": 1.0})
    return spec


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
