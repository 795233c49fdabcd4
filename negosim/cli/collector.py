"""Garbage collection of the command's process: looked after less often, and not at all at the end."""

import gc

ALLOCATIONS = 200_000
"""Objects made before the garbage collector looks at the young ones. An import or a turn makes thousands
that stay or die by reference count; with the interpreter's 700 it would look again and again in vain."""


def collect_rarely() -> None:
    """Have the garbage collector look less often, and not at what there is already."""
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, *gc.get_threshold()[1:])


def leave_to_the_system() -> None:
    """Keep the interpreter, which exits after this, from searching all objects once more.

    To take each apart takes as long as a quarter of a run's start.
    """
    gc.freeze()
