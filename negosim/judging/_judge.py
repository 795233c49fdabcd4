"""Judging a run: who judges, what is asked, and with what."""

import inspect
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from negosim import registry
from negosim._loop import run_coroutine
from negosim._text import several
from negosim.cluster import refuse_in_process, refuse_objects
from negosim.errors import UserError
from negosim.judging._events import JudgingEvent, JudgingStarted
from negosim.judging._filling import Material
from negosim.judging._protocol import ORACLE, Judge
from negosim.judging._questionnaires import questionnaires, taxonomies_of
from negosim.judging._remote import JudgingWork, RemoteJudging, assigned
from negosim.judging._session import Session
from negosim.models import (
    MODEL_VARIABLE,
    Budget,
    ChatModel,
    GivenModel,
    ModelSpec,
    confirm_servers,
    name_of,
    open_clients,
)
from negosim.prompts import Prompts
from negosim.records import EMBEDDED, SIMULATED
from negosim.store import Run

logger = logging.getLogger(__name__)

PACE = {"timeout", "max_in_flight", "rpm", "tpm"}
"""Settings of a model that change nothing in its answers."""


def judge(
    run: Run,
    *,
    judges: Sequence[GivenModel | Judge] | None = None,
    questions: Sequence[str] | None = None,
    repeats: int = 1,
    sample: int | None = None,
    prompts: str | Path | None = None,
    watch: Callable[[JudgingEvent], None] | None = None,
    concurrency: int = 1,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    send_key_to: Collection[str] = (),
    ray: str | None = None,
) -> Run:
    """Have judges answer questions about a run's dialogues; their sheets are stored beside them.

    What has been answered is not asked again, so a judging that was stopped or killed goes on where it
    was. Sheets on which a provider failed are asked again. Failed dialogues are not judged. Within a
    running event loop, such as a notebook's, await `judge_async`, which takes the same.

    Args:
        run: what is judged; it may still be incomplete.
        judges: models; names of judges in code, such as "oracle", which reads the record's ground truth;
            or objects that judge (`negosim.judging.Judge`). None: the environment's default model, or else
            the oracle where the simulated negotiator played.
        questions: ids or paths of question sets; None: the usual ones.
        repeats: how often each model is asked, with options and questions in another order; the third time
            in the first one again, to tell order from chance.
        sample: most dialogues of each scenario and condition, matched pairs together; None: all.
        prompts: folder of templates that override single ones.
        watch: called with every event, in the caller's thread.
        concurrency: calls at once.
        chat_models: models of the caller's own, by the name the judges are given by. They are neither
            closed nor cached.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        send_key_to: URLs of servers, named in the run's header, that may get the key in `NEGOSIM_API_KEY`
            where agents are asked themselves (beliefs).
        ray: a Ray cluster that judges: HOST:PORT of its head; "auto", one that runs here or is begun here;
            "local", one begun here.

    Returns:
        The run.

    Raises:
        UserError: something named is wrong, a model cannot be reached, or the folder cannot be written.
        ModelError: every call of a model fails, as with a refused key. What was judged is stored.
        BudgetError: the budget is used up. What was judged is stored.

    Examples:
        >>> import negosim
        >>> run = negosim.judge(negosim.Run.open("my-run"), judges=["oracle"], questions=["agreement"])
        >>> {sheet.judge for sheet in run.judgements()}
        {'oracle'}

    """
    return run_coroutine(
        judge_async(
            run,
            judges=judges,
            questions=questions,
            repeats=repeats,
            sample=sample,
            prompts=prompts,
            watch=watch,
            concurrency=concurrency,
            chat_models=chat_models,
            cache=cache,
            budget=budget,
            send_key_to=send_key_to,
            ray=ray,
        )
    )


async def judge_async(
    run: Run,
    *,
    judges: Sequence[GivenModel | Judge] | None = None,
    questions: Sequence[str] | None = None,
    repeats: int = 1,
    sample: int | None = None,
    prompts: str | Path | None = None,
    watch: Callable[[JudgingEvent], None] | None = None,
    concurrency: int = 1,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
    send_key_to: Collection[str] = (),
    ray: str | None = None,
) -> Run:
    """Have judges answer questions about a run's dialogues, within a running event loop.

    It is `judge` for callers that have a loop, such as notebooks.

    Args:
        run: what is judged; it may still be incomplete.
        judges: models; names of judges in code, such as "oracle", which reads the record's ground truth;
            or objects that judge (`negosim.judging.Judge`). None: the environment's default model, or else
            the oracle where the simulated negotiator played.
        questions: ids or paths of question sets; None: the usual ones.
        repeats: how often each model is asked, with options and questions in another order; the third time
            in the first one again, to tell order from chance.
        sample: most dialogues of each scenario and condition, matched pairs together; None: all.
        prompts: folder of templates that override single ones.
        watch: called with every event, in the caller's thread.
        concurrency: calls at once.
        chat_models: models of the caller's own, by the name the judges are given by. They are neither
            closed nor cached.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        send_key_to: URLs of servers, named in the run's header, that may get the key in `NEGOSIM_API_KEY`
            where agents are asked themselves (beliefs).
        ray: a Ray cluster that judges: HOST:PORT of its head; "auto", one that runs here or is begun here;
            "local", one begun here.

    Returns:
        The run.

    Raises:
        UserError: something named is wrong, a model cannot be reached, or the folder cannot be written.
        ModelError: every call of a model fails, as with a refused key. What was judged is stored.
        BudgetError: the budget is used up. What was judged is stored.

    Examples:
        >>> import asyncio, negosim
        >>> run = negosim.Run.open("my-run")
        >>> run = asyncio.run(negosim.judge_async(run, judges=["oracle"], questions=["agreement"]))
        >>> {sheet.judge for sheet in run.judgements()}
        {'oracle'}

    """
    for name, number in (("repeats", repeats), ("sample", sample), ("concurrency", concurrency)):
        if number is not None and number < 1:
            raise UserError(f"{name} must be at least 1, not {number}")
    config, provided, watch = run.config, chat_models or {}, watch or _nobody_watches
    named = _judges([default_judge(run)] if judges is None else several(judges), provided)
    taxonomies = taxonomies_of(run)
    asked = questionnaires(questions, run, taxonomies)
    needed = sorted({name for item in asked for name in item.models(config)} - set(provided))
    folder = None if prompts is None else str(prompts)
    templates = {name: Prompts(name, folder, others=run.header.scenarios) for name in run.header.scenarios}
    if prompts is not None and not (named.specs or needed or provided):
        logger.warning("templates in %s are not used: none of these judges is a chat model", prompts)
    agent_specs = {name: ModelSpec.parse(name) for name in needed}
    if ray is not None:
        refuse_objects(provided, [one for one in named.code if one.startswith("python:")])
        refuse_in_process([*named.specs.values(), *agent_specs.values()])
    confirm_servers(agent_specs.values(), {*several(send_key_to), *_urls(named.specs.values())})
    async with (
        open_clients(named.specs, provided, cache=cache, budget=budget) as judge_clients,
        open_clients(agent_specs, provided, cache=cache, budget=budget) as agent_clients,
    ):
        seated = assigned(asked, run, judge_clients, agent_clients)
        judging = {name: named.code.get(name) for name in named.names}
        material = Material(templates, taxonomies)
        with run.judging() as writer:
            session = Session(
                run,
                judging,
                seated,
                material,
                repeats=repeats,
                sample=sample,
                writer=writer,
                watch=watch,
            )
            watch(JudgingStarted(run, named.names, len(run)))
            if ray is None:
                await session.fill_in(concurrency)
            else:
                work = JudgingWork(run, named.specs, agent_specs, judging, asked, material, cache)
                await session.fill_in_elsewhere(RemoteJudging(ray, work, concurrency, budget))
    return run


def _urls(specs: Iterable[ModelSpec]) -> list[str]:
    """Return the servers of models that the caller names."""
    return [url for spec in specs for url in spec.servers]


def _nobody_watches(event: JudgingEvent) -> None:
    pass


def default_judge(run: Run) -> str:
    """Return who judges where nobody is named.

    Raises:
        UserError: there is no default for this run.

    """
    default = os.environ.get(MODEL_VARIABLE)
    if default and default != SIMULATED:
        return default
    if {name.partition(":")[0] for name in run.config.models} <= EMBEDDED:
        return ORACLE
    raise UserError(
        f"name a judge: --judge-model MODEL, or set {MODEL_VARIABLE}; --judge-model {ORACLE} judges from "
        "the record what the record alone can tell"
    )


@dataclass(frozen=True)
class Judges:
    """Who judges, by the name their sheets bear, in the order they were named."""

    names: tuple[str, ...]
    specs: Mapping[str, ModelSpec]
    """The models to be opened."""
    code: Mapping[str, Judge]
    """The judges that are code."""


def _judges(given: Sequence[GivenModel | Judge], provided: Mapping[str, ChatModel]) -> Judges:
    """Find who is named.

    Raises:
        UserError: somebody is unknown, no judge, or named twice; or nobody is named.

    """
    names: list[str] = []
    specs: dict[str, ModelSpec] = {}
    code: dict[str, Judge] = {}
    for one in map(name_of, given):
        if not isinstance(one, str):
            name = f"python:{type(one).__module__}.{type(one).__qualname__}"
            code[name] = one
        elif one in provided:
            name = one
        elif registry.has("judges", one.partition(":")[0]):
            name, code[one] = one, judge_of(one)
        else:
            spec = _judging_model(one)
            name = str(spec.model_copy(update={key: ModelSpec.model_fields[key].default for key in PACE}))
            specs[name] = spec
        if name in names:
            raise UserError(f"judge {name!r} is named twice; to ask it several times, use repeats")
        names.append(name)
    if not names:
        raise UserError("name at least one judge")
    return Judges(tuple(names), specs, code)


def judge_of(name: str) -> Judge:
    """Return a judge in code by name; one of several of a kind is named "KIND:TARGET".

    Raises:
        UserError: there is none, it cannot be loaded, or it answers no questions.

    """
    kind, colon, target = name.partition(":")
    found = registry.load("judges", kind)
    takes, needs = _target_of(found)
    if (target and not takes) or (needs and not target):
        example = f"{kind}:FOLDER" if takes else kind
        raise UserError(f"judge {name!r} is named {'with' if colon else 'without'} a target; write {example}")
    make = partial(found, target) if target else found
    made: Judge = registry.made("judges", kind, make) if callable(make) else make
    _check_answers(kind, found, made)
    return made


def judges_of(kind: str) -> Any:
    """Return what makes judges of a kind, which is the judge itself where it takes no target.

    Raises:
        UserError: there is no such kind, it cannot be loaded, or it answers no questions.

    """
    found = registry.load("judges", kind)
    if not _target_of(found)[1]:
        return judge_of(kind)
    _check_answers(kind, found, found)
    return found


def _target_of(found: object) -> tuple[bool, bool]:
    """Tell whether a kind of judges takes a target, and whether it needs one."""
    takes = list(inspect.signature(found).parameters.values()) if isinstance(found, type) else []
    needs = any(one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD for one in takes)
    return bool(takes), needs


def _check_answers(kind: str, found: object, made: object) -> None:
    if not callable(getattr(made, "answer", None)):
        raise registry.misfit(
            "judges", kind, found, "a class made without arguments (or with a target), with an async answer()"
        )


def _judging_model(name: str) -> ModelSpec:
    spec = ModelSpec.parse(name)
    if not spec.chats:
        raise UserError(
            f"{name!r} plays and is no judge; name a chat model or one of "
            f"{', '.join(registry.plugins('judges'))} ({ORACLE!r} reads what the record says)"
        )
    return spec
