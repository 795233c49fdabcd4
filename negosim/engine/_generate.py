"""Making a run: every dialogue of a plan, several at once, each stored when it ends."""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from negosim._loop import run_coroutine
from negosim.config import RunConfig
from negosim.engine._agents import GivenAgent, given_agents
from negosim.engine._contexts import sized_models
from negosim.engine._events import Event, RunStarted, Watcher
from negosim.engine._fingerprint import check_unchanged, fingerprint
from negosim.engine._jobs import Execution, play_jobs, through_provider
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._preview import check_prompts, unreached_by_prompts
from negosim.engine._progress import forget_progress
from negosim.engine._remote import check_planner_elsewhere, check_remote
from negosim.engine._tracing import tell_of_tracing
from negosim.errors import UserError
from negosim.models import Budget, ChatModel, confirm_servers, open_clients, recorded
from negosim.store import Run, RunHeader, Writer

if TYPE_CHECKING:
    from negosim.engine._play import Clients

logger = logging.getLogger(__name__)


def generate(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    compress: bool = False,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    agents: Sequence[GivenAgent | None] = (),
    cache: bool = True,
    budget: Budget | None = None,
    workers: int = 1,
    ray: str | None = None,
) -> Run:
    """Make every dialogue of a configuration and store it in a run folder.

    Within a running event loop, such as a notebook's, await `generate_async`, which takes the same.

    Args:
        config: what to make.
        out: the run folder; by default a new one in `runs/` of the working directory.
        compress: whether the dialogues are stored as zstd.
        watch: called with every event (`negosim.engine.Event`), in the caller's thread.
        chat_models: models of the caller's own, by the name the configuration gives them. They are
            neither closed nor cached.
        agents: agents of the caller's own in place of the configuration's models, one for each role or one
            for all; None leaves a role to the configuration. Objects (`negosim.agents.Agent`) play every
            dialogue and so must keep nothing of one; a class or function is called with an `AgentContext`
            for each dialogue.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        workers: processes to play in; more than one for the simulated negotiator alone.
        ray: a Ray cluster to play in: HOST:PORT of its head; "auto", one that runs here or is begun here;
            "local", one begun here. Models, the budget and the cache are then shared by its machines.

    Returns:
        The run, open for reading.

    Raises:
        UserError: something the configuration names is wrong, a model cannot be reached, or the
            folder cannot be written. Nothing is left behind unless dialogues were finished.
        ModelError: every call of a model fails. Finished dialogues are stored; `resume` makes the others.
        BudgetError: the budget is used up; likewise.

    Examples:
        >>> import negosim
        >>> run = negosim.generate(negosim.RunConfig(scenarios="viatex", seed=3), out="my-run")
        >>> [dialogue.id for dialogue in run]
        ['viatex.honest.0000']

    """
    return run_coroutine(
        generate_async(
            config,
            out=out,
            compress=compress,
            watch=watch,
            chat_models=chat_models,
            agents=agents,
            cache=cache,
            budget=budget,
            workers=workers,
            ray=ray,
        )
    )


async def generate_async(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    compress: bool = False,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    agents: Sequence[GivenAgent | None] = (),
    cache: bool = True,
    budget: Budget | None = None,
    workers: int = 1,
    ray: str | None = None,
) -> Run:
    """Make every dialogue of a configuration within a running event loop, and store it in a run folder.

    It is `generate` for callers that have a loop, such as notebooks.

    Args:
        config: what to make.
        out: the run folder; by default a new one in `runs/` of the working directory.
        compress: whether the dialogues are stored as zstd.
        watch: called with every event (`negosim.engine.Event`), in the caller's thread.
        chat_models: models of the caller's own, by the name the configuration gives them. They are
            neither closed nor cached.
        agents: agents of the caller's own in place of the configuration's models, one for each role or one
            for all; None leaves a role to the configuration. Objects (`negosim.agents.Agent`) play every
            dialogue and so must keep nothing of one; a class or function is called with an `AgentContext`
            for each dialogue.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use; no limit by default.
        workers: processes to play in; more than one for the simulated negotiator alone.
        ray: a Ray cluster to play in: HOST:PORT of its head; "auto", one that runs here or is begun here;
            "local", one begun here. Models, the budget and the cache are then shared by its machines.

    Returns:
        The run, open for reading.

    Raises:
        UserError: something the configuration names is wrong, a model cannot be reached, or the
            folder cannot be written. Nothing is left behind unless dialogues were finished.
        ModelError: every call of a model fails. Finished dialogues are stored; `resume` makes the others.
        BudgetError: the budget is used up; likewise.

    Examples:
        >>> import asyncio, negosim
        >>> config = negosim.RunConfig(scenarios="viatex", seed=3)
        >>> run = asyncio.run(negosim.generate_async(config, out="another-run"))
        >>> [dialogue.id for dialogue in run]
        ['viatex.honest.0000']

    """
    config, made = given_agents(config, agents)
    execution = Execution(watch or _nobody_watches, chat_models or {}, made, cache, budget, workers, ray)
    plan = _resolve(config, execution)
    async with await _clients(plan, execution) as clients:
        run = Run.create(
            Path(out) if out is not None else _new_folder(plan), _header(plan), compress=compress
        )
        try:
            with run.writing() as writer:
                await _make(plan, plan.jobs, clients, run, writer, execution, frozenset())
        except (UserError, OSError):
            run.discard_unbegun()
            raise
    return run


def resume(
    path: str | Path,
    *,
    config: RunConfig | None = None,
    retry_failed: bool = False,
    drop_damaged: bool = False,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    agents: Sequence[GivenAgent | None] = (),
    cache: bool = True,
    budget: Budget | None = None,
    workers: int = 1,
    ray: str | None = None,
    send_key_to: Collection[str] = (),
) -> Run:
    """Finish a run that was stopped, crashed or killed: nothing finished is made or paid for again.

    Dialogues that failed through the provider go on after their last finished turn, once all others are
    made. Within a running event loop, such as a notebook's, await `resume_async`, which takes the same.

    Args:
        path: the run folder.
        config: what the caller believes the run to be; must be what it was begun with. By default it is
            not compared.
        retry_failed: whether dialogues that failed otherwise (no usable answer, a prompt that was too
            long) are played again as well.
        drop_damaged: whether stored dialogues that are damaged are taken out and made again; what was
            taken out is kept in the run's `dialogues.damaged`.
        watch: as for `generate`; so are the following, which may differ from what the run was begun with.
        chat_models: models of the caller's own, by name.
        agents: agents of the caller's own; the same as when the run was begun.
        cache: whether the user's cache of answers is used.
        budget: what the models' calls may use from now on.
        workers: processes to play in.
        ray: a Ray cluster to play in.
        send_key_to: URLs of servers, named in the run's header, that may get the key in `NEGOSIM_API_KEY`;
            those on this machine and in the environment's own variables may anyway.

    Returns:
        The run, open for reading.

    Raises:
        UserError: there is no run, another process is making it, or what it is made from has
            changed; the differences are listed.
        ModelError: every call of a model fails; the run can be resumed again.
        BudgetError: the budget is used up; likewise.

    Examples:
        >>> import negosim
        >>> run = negosim.resume("my-run")

    """
    return run_coroutine(
        resume_async(
            path,
            config=config,
            retry_failed=retry_failed,
            drop_damaged=drop_damaged,
            watch=watch,
            chat_models=chat_models,
            agents=agents,
            cache=cache,
            budget=budget,
            workers=workers,
            ray=ray,
            send_key_to=send_key_to,
        )
    )


async def resume_async(
    path: str | Path,
    *,
    config: RunConfig | None = None,
    retry_failed: bool = False,
    drop_damaged: bool = False,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    agents: Sequence[GivenAgent | None] = (),
    cache: bool = True,
    budget: Budget | None = None,
    workers: int = 1,
    ray: str | None = None,
    send_key_to: Collection[str] = (),
) -> Run:
    """Finish a run that was stopped, crashed or killed, within a running event loop.

    It is `resume` for callers that have a loop, such as notebooks.

    Args:
        path: the run folder.
        config: what the caller believes the run to be; must be what it was begun with. By default it is
            not compared.
        retry_failed: whether dialogues that failed otherwise (no usable answer, a prompt that was too
            long) are played again as well.
        drop_damaged: whether stored dialogues that are damaged are taken out and made again; what was
            taken out is kept in the run's `dialogues.damaged`.
        watch: as for `generate`; so are the following, which may differ from what the run was begun with.
        chat_models: models of the caller's own, by name.
        agents: agents of the caller's own; the same as when the run was begun.
        cache: whether the user's cache of answers is used.
        budget: what the models' calls may use from now on.
        workers: processes to play in.
        ray: a Ray cluster to play in.
        send_key_to: URLs of servers, named in the run's header, that may get the key in `NEGOSIM_API_KEY`;
            those on this machine and in the environment's own variables may anyway.

    Returns:
        The run, open for reading.

    Raises:
        UserError: there is no run, another process is making it, or what it is made from has
            changed; the differences are listed.
        ModelError: every call of a model fails; the run can be resumed again.
        BudgetError: the budget is used up; likewise.

    Examples:
        >>> import asyncio, negosim
        >>> run = asyncio.run(negosim.resume_async("my-run"))

    """
    run = Run.open(path)
    if run.header.imported is not None:
        raise UserError(f"{str(path)!r} is imported: there is nothing to go on with")
    _, made = given_agents(run.config, agents)
    execution = Execution(watch or _nobody_watches, chat_models or {}, made, cache, budget, workers, ray)
    with run.writing(mend=drop_damaged) as writer:
        width = (config or run.config).concurrency
        plan = _resolve(run.config.model_copy(update={"concurrency": width}), execution)
        check_unchanged(run.header, _header(plan), config)
        writer.count.accept_losses(run.path)
        left, again = _left(plan, run, retry_failed=retry_failed)
        if left:
            confirm_servers(plan.specs.values(), send_key_to)
        async with await _clients(plan, execution) if left else nullcontext({}) as clients:
            await _make(plan, left, clients, run, writer, execution, again)
    return run


def _left(plan: Plan, run: Run, *, retry_failed: bool) -> tuple[list[Job], frozenset[str]]:
    """Return what is to be made: the dialogues that are missing, then those to be played again, whose ids
    are returned as well."""
    stored, again = set[str](), set[str]()
    for dialogue in run:
        stored.add(dialogue.id)
        if through_provider(dialogue) or (retry_failed and dialogue.failure):
            again.add(dialogue.id)
    missing = [job for job in plan.jobs if job.id not in stored]
    return [*missing, *(job for job in plan.jobs if job.id in again)], frozenset(again)


def _resolve(config: RunConfig, execution: Execution) -> Plan:
    plan = resolve(config, execution.chat_models, execution.agents)
    if execution.ray is not None:
        check_remote(plan, execution)
    if execution.workers > 1 and not plan.simulated:
        raise UserError(
            "several workers are for the simulated negotiator alone; "
            "a model waits for its server: raise the concurrency instead"
        )
    if execution.workers > 1:
        check_planner_elsewhere(plan, "the workers")
    if plan.asks_models:
        check_prompts(plan)
    if unreached := unreached_by_prompts(plan):
        logger.warning("templates in %s are not used%s", config.prompts, unreached)
    return plan


async def _clients(plan: Plan, execution: Execution) -> "AbstractAsyncContextManager[Clients]":
    """Open every model the plan names, and check that it answers."""
    specs = await sized_models(plan, execution.watch)
    return open_clients(specs, execution.chat_models, cache=execution.cache, budget=execution.budget)


def _new_folder(plan: Plan) -> Path:
    subject = next(iter(plan.scenarios)) if len(plan.scenarios) == 1 else f"{len(plan.scenarios)}-scenarios"
    return Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{subject}-{secrets.token_hex(2)}"


def _header(plan: Plan) -> RunHeader:
    parameters = {name: recorded(spec) for name, spec in plan.specs.items()}
    return RunHeader(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=plan.config,
        fingerprint=fingerprint(
            plan.scenarios,
            (*plan.tactics.values(), plan.techniques),
            plan.prompts,
            parameters,
            plan.foreign,
            plan.templates,
            plan.traits,
        ),
        scenarios=dict(plan.scenarios),
        traits=dict(plan.traits),
        planned=len(plan.jobs),
    )


async def _make(
    plan: Plan,
    jobs: Sequence[Job],
    clients: "Clients",
    run: Run,
    writer: Writer,
    execution: Execution,
    again: frozenset[str],
) -> None:
    """Play jobs and store the dialogues; `again` are those whose failure is stored already."""
    execution.watch(RunStarted(run, again))

    logger.info("run started", extra={"run": str(run.path), "planned": len(plan.jobs), "left": len(jobs)})

    if jobs:
        tell_of_tracing()
    if jobs and await play_jobs(plan, jobs, clients, run, writer, execution):
        return  # the places of those that failed through the provider are kept for the next time
    forget_progress(run)


def _nobody_watches(event: Event) -> None:
    pass
