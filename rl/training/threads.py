"""Threads of the commands that train and speak: half the cores, so that a busy machine is not waited for."""

import os


def spare_cores() -> None:
    """Let torch use half of the cores, unless `OMP_NUM_THREADS` says how many.

    Threads of one computation wait for the slowest of them at every operation: where anything else runs, one
    thread a core took seven times as long as half as many. A command calls this, a library must not.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, _cores() // 2))


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
