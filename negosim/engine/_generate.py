"""Making a run: every dialogue of a plan, several at once, each stored when it ends."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from negosim._loop import run_coroutine
from negosim.config import RunConfig
from negosim.engine._events import DialogueFinished, Event, RunStarted, Watcher
from negosim.engine._fingerprint import check_unchanged, fingerprint
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._postponed import postpone_unused
from negosim.engine._preview import check_prompts
from negosim.errors import UserError
from negosim.models import Budget, ChatModel, open_doors
from negosim.records import Dialogue
from negosim.store import Run, RunHeader, Writer

if TYPE_CHECKING:
    from negosim.engine._play import Doors, Stage

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints.sqlite"
"""Where unfinished dialogues with a model stand, in the run folder."""


class Means(TypedDict, total=False):
    """With what a run is made; nothing of it changes what the dialogues are."""

    watch: Watcher
    """Called with every event, in the caller's thread."""
    chat_models: Mapping[str, ChatModel]
    """Models of the caller's own, by the name the configuration gives them. They are not closed, and
    their answers not cached."""
    cache: bool
    """Whether answers come from the user's cache where it has them, and are kept. By default they do."""
    budget: Budget | None
    """What the models' calls may use."""
    workers: int
    """Processes to play in; more than one for the simulated negotiator alone."""


def generate(
    config: RunConfig, *, out: str | Path | None = None, compress: bool = False, **means: Unpack[Means]
) -> Run:
    """Make a run and return it. As `generate_async`, for callers without an event loop."""
    return run_coroutine(generate_async(config, out=out, compress=compress, **means))


async def generate_async(
    config: RunConfig, *, out: str | Path | None = None, compress: bool = False, **means: Unpack[Means]
) -> Run:
    """Make every dialogue of a configuration and store it in a run folder.

    Args:
        config: what to make.
        out: the run folder; by default a new one in `runs/` of the working directory.
        compress: whether the dialogues are stored as zstd.
        means: see `Means`.

    Raises:
        UserError: something the configuration names is wrong, a model cannot be reached, or the
            folder cannot be written. Nothing is left behind unless dialogues were finished.
        BudgetError: the budget is used up. Finished dialogues are stored; `resume` makes the others.

    """
    plan = _resolve(config, means)
    async with _doors(plan, means) as doors:
        run = Run.create(
            Path(out) if out is not None else _new_folder(plan), _header(plan), compress=compress
        )
        with run.writing() as writer:
            await _make(plan, plan.jobs, doors, run, writer, means)
    return run


def resume(path: str | Path, *, config: RunConfig | None = None, **means: Unpack[Means]) -> Run:
    """Finish a run. As `resume_async`, for callers without an event loop."""
    return run_coroutine(resume_async(path, config=config, **means))


async def resume_async(path: str | Path, *, config: RunConfig | None = None, **means: Unpack[Means]) -> Run:
    """Finish a run that was stopped, crashed or killed: nothing finished is made or paid for again.

    Args:
        path: the run folder.
        config: what the caller believes the run to be; must be what it was begun with.
        means: see `Means`; they may differ from what the run was begun with.

    Raises:
        UserError: there is no run, another process is making it, or what it is made from has
            changed; the differences are listed.
        BudgetError: the budget is used up; the run can be resumed again.

    """
    run = Run.open(path)
    with run.writing() as writer:
        width = (config or run.config).concurrency
        plan = _resolve(run.config.model_copy(update={"concurrency": width}), means)
        check_unchanged(run.header, _header(plan), config)
        stored = {dialogue.id for dialogue in run}
        left = [job for job in plan.jobs if job.id not in stored]
        async with _doors(plan, means) if left else nullcontext({}) as doors:
            await _make(plan, left, doors, run, writer, means)
    return run


def _resolve(config: RunConfig, means: Means) -> Plan:
    plan = resolve(config, means.get("chat_models", {}))
    simulated = config.models + ((config.judge_model,) if config.judge_model else ())
    if means.get("workers", 1) > 1 and set(simulated) != {"sim"}:
        raise UserError(
            "several workers are for the simulated negotiator alone; "
            "a model waits for its server: raise the concurrency instead"
        )
    if set(simulated) != {"sim"}:
        check_prompts(plan)
    return plan


def _doors(plan: Plan, means: Means) -> "AbstractAsyncContextManager[Doors]":
    """Open every model the plan names, and check that it answers."""
    provided, budget = means.get("chat_models", {}), means.get("budget")
    return open_doors(plan.specs, provided, cache=means.get("cache", True), budget=budget)


def _new_folder(plan: Plan) -> Path:
    subject = next(iter(plan.scenarios)) if len(plan.scenarios) == 1 else f"{len(plan.scenarios)}-scenarios"
    return Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{subject}-{secrets.token_hex(2)}"


def _header(plan: Plan) -> RunHeader:
    parameters = {name: spec.model_dump(mode="json") for name, spec in plan.specs.items()}
    return RunHeader(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        config=plan.config,
        fingerprint=fingerprint(plan.scenarios, (plan.tactics, plan.techniques), plan.prompts, parameters),
        scenarios=dict(plan.scenarios),
        planned=len(plan.jobs),
    )


async def _make(
    plan: Plan, jobs: Sequence[Job], doors: "Doors", run: Run, writer: Writer, means: Means
) -> None:
    """Play jobs and store the dialogues."""
    watch = means.get("watch", _nobody_watches)
    watch(RunStarted(run))

    logger.info("run started", extra={"run": str(run.path), "planned": len(plan.jobs), "left": len(jobs)})

    if jobs:
        await _play_jobs(plan, jobs, doors, run, writer, means)
    for file in run.path.glob(f"{CHECKPOINTS}*"):
        file.unlink()


async def _play_jobs(
    plan: Plan, jobs: Sequence[Job], doors: "Doors", run: Run, writer: Writer, means: Means
) -> None:
    """Play jobs and store the dialogues; the graphs are imported only now, since that takes a while."""
    postpone_unused()
    from negosim.engine._checkpoints import Checkpoints, checkpoints
    from negosim.engine._play import Stage
    from negosim.engine._workers import play_in_processes

    watch = means.get("watch", _nobody_watches)

    def store(dialogue: Dialogue) -> None:
        writer.append(dialogue)
        _log(dialogue)
        watch(DialogueFinished(dialogue, plan.scenarios[dialogue.scenario]))

    if means.get("workers", 1) > 1:
        for dialogue in play_in_processes(plan, jobs, means["workers"]):
            store(dialogue)
        return
    # A simulated dialogue is made again faster than its place could be looked up.
    if all(door is None for door in doors.values()):
        await _play_all(Stage(plan, doors, watch), jobs, store)
        return
    with checkpoints(run.path / CHECKPOINTS) as saver:

        def store_and_forget(dialogue: Dialogue) -> None:
            store(dialogue)
            Checkpoints(saver, dialogue.id).delete()

        await _play_all(Stage(plan, doors, watch, saver), jobs, store_and_forget)


def _log(dialogue: Dialogue) -> None:
    counts = {
        "dialogue": dialogue.id,
        "end": dialogue.end,
        "outcome": dialogue.outcome.status,
        "turns": len(dialogue.turns),
        "calls": sum(row.calls for row in dialogue.account),
        "seconds": dialogue.seconds,
    }
    if dialogue.failure is None:
        logger.info("dialogue finished", extra=counts)
    else:
        failed = dialogue.failure.model_dump(include={"turn", "role", "stage", "error"})
        logger.error("dialogue failed", extra={**counts, **failed})


def _nobody_watches(event: Event) -> None:
    pass


async def _play_all(stage: "Stage", jobs: Sequence[Job], store: Callable[[Dialogue], None]) -> None:
    """Play jobs in order, `concurrency` at a time; the first error of ours stops the rest."""
    from negosim.engine._play import play

    waiting = iter(jobs)

    async def worker() -> None:
        for job in waiting:
            store(await play(stage, job))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(stage.plan.config.concurrency, len(jobs))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
