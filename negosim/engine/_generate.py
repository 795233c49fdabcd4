"""Making a run: every dialogue of a plan, several at once, each stored when it ends."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path

from negosim.config import RunConfig
from negosim.engine._checkpoints import checkpoints, remove_checkpoints
from negosim.engine._dialogue import dialogue_graph
from negosim.engine._events import DialogueFinished, RunStarted, Watcher
from negosim.engine._fingerprint import check_unchanged, fingerprint
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._play import Doors, Stage, play
from negosim.models import Budget, BudgetedModel, ChatModel, Door, ModelSpec, ResponseCache, open_model
from negosim.store import Run, RunHeader


def generate(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
) -> Run:
    """Make a run and return it. As `generate_async`, for callers without an event loop."""
    return asyncio.run(
        generate_async(config, out=out, watch=watch, chat_models=chat_models, cache=cache, budget=budget)
    )


async def generate_async(
    config: RunConfig,
    *,
    out: str | Path | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
) -> Run:
    """Make every dialogue of a configuration and store it in a run folder.

    Args:
        config: what to make.
        out: the run folder; by default a new one in `runs/` of the working directory.
        watch: called with every event, in this thread.
        chat_models: models of the caller's own, by the name the configuration gives them. They are
            not closed, and their answers not cached.
        cache: whether models' answers come from the user's cache where it has them, and are kept.
        budget: what the models' calls may use.

    Raises:
        UserError: something the configuration names is wrong, a model cannot be reached, or the
            folder cannot be written. Nothing is left behind unless dialogues were finished.
        BudgetError: the budget is used up. Finished dialogues are stored; `resume` makes the others.

    """
    plan = resolve(config, chat_models or {})
    async with _doors(plan, chat_models or {}, cache, budget) as doors:
        run = Run.create(Path(out) if out is not None else _new_folder(plan), _header(plan))
        with run.lock():
            await _make(plan, plan.jobs, doors, run, watch)
    return run


def resume(
    path: str | Path,
    *,
    config: RunConfig | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
) -> Run:
    """Finish a run. As `resume_async`, for callers without an event loop."""
    return asyncio.run(
        resume_async(path, config=config, watch=watch, chat_models=chat_models, cache=cache, budget=budget)
    )


async def resume_async(
    path: str | Path,
    *,
    config: RunConfig | None = None,
    watch: Watcher | None = None,
    chat_models: Mapping[str, ChatModel] | None = None,
    cache: bool = True,
    budget: Budget | None = None,
) -> Run:
    """Finish a run that was stopped, crashed or killed: nothing finished is made or paid for again.

    Args:
        path: the run folder.
        config: what the caller believes the run to be; must be what it was begun with.
        watch: called with every event, in this thread.
        chat_models: as for `generate_async`.
        cache: as for `generate_async`.
        budget: what the calls may use from now on.

    Raises:
        UserError: there is no run, another process is making it, or what it is made from has
            changed; the differences are listed.
        BudgetError: the budget is used up; the run can be resumed again.

    """
    run = Run.open(path)
    with run.lock():
        plan = resolve(run.config, chat_models or {})
        check_unchanged(run.header, _header(plan), config)
        run.drop_cut_line()
        stored = {dialogue.id for dialogue in run}
        left = [job for job in plan.jobs if job.id not in stored]
        async with _doors(plan, chat_models or {}, cache, budget) as doors:
            await _make(plan, left, doors, run, watch)
    return run


@asynccontextmanager
async def _doors(
    plan: Plan, provided: Mapping[str, ChatModel], cached: bool, budget: Budget | None
) -> AsyncIterator[Doors]:
    """Open every model the plan names, and check that it answers."""
    doors: dict[str, Door | None] = {
        name: _door(BudgetedModel(model, budget) if budget else model, ModelSpec(kind="openai"))
        for name, model in provided.items()
    }
    async with AsyncExitStack() as opened:
        needed = cached and any(spec.kind != "sim" for spec in plan.specs.values())
        cache = opened.enter_context(closing(ResponseCache())) if needed else None
        for name, spec in plan.specs.items():
            if spec.kind == "sim":
                doors[name] = None
                continue
            model = open_model(spec, cache=cache, budget=budget)
            opened.push_async_callback(model.close)
            await model.preflight()
            doors[name] = _door(model, spec)
        yield doors


def _door(model: ChatModel, spec: ModelSpec) -> Door:
    return Door(model, temperature=spec.temperature, max_tokens=spec.max_tokens, seed=spec.seed)


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


async def _make(plan: Plan, jobs: Sequence[Job], doors: Doors, run: Run, watch: Watcher | None) -> None:
    """Play jobs in order, `concurrency` at a time; the first error of ours stops the rest."""
    tell = watch or (lambda event: None)
    tell(RunStarted(run))
    waiting = iter(jobs)
    with ExitStack() as stack:
        # A simulated dialogue is made again faster than its place could be looked up.
        paid = any(door is not None for door in doors.values())
        saver = stack.enter_context(checkpoints(run.path)) if paid else None
        stage = Stage(plan, doors, dialogue_graph(plan.config.planner, saver), tell)

        async def worker() -> None:
            for job in waiting:
                dialogue = await play(stage, job)
                run.append(dialogue)
                if saver is not None:
                    saver.delete_thread(job.id)
                tell(DialogueFinished(dialogue, plan.scenarios[job.scenario]))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(plan.config.concurrency, len(jobs))):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
    remove_checkpoints(run.path)
