"""Several processes for what the processor limits: dialogues of the simulated negotiator."""

import multiprocessing
import signal
from collections.abc import Iterator, Sequence

from negosim._loop import run_coroutine
from negosim.config import RunConfig
from negosim.engine._plan import Job, Plan, resolve
from negosim.engine._play import RunSetting, play
from negosim.records import Dialogue

BATCH = 20
"""Dialogues handed to a process at a time."""

_setting: RunSetting | None = None


def play_in_processes(plan: Plan, jobs: Sequence[Job], workers: int) -> Iterator[Dialogue]:
    """Play jobs in `workers` processes; yield the dialogues as they are finished.

    A dialogue's randomness comes from the job alone, so that who plays it makes no difference.
    """
    context = multiprocessing.get_context("spawn")
    batches = [jobs[start : start + BATCH] for start in range(0, len(jobs), BATCH)]
    with context.Pool(min(workers, len(batches)), _begin, (plan.config,)) as pool:
        for dialogues in pool.imap_unordered(_play_batch, batches):
            yield from dialogues


def _begin(config: RunConfig) -> None:
    """Prepare a worker process; Ctrl-C is the parent's to handle."""
    global _setting
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    plan = resolve(config)
    _setting = RunSetting(plan, dict.fromkeys(plan.specs), lambda event: None)


def _play_batch(jobs: Sequence[Job]) -> list[Dialogue]:
    async def play_all() -> list[Dialogue]:
        assert _setting is not None
        return [await play(_setting, job) for job in jobs]

    return run_coroutine(play_all())
