"""Primary outcomes of runs: which were declared, and where."""

from collections.abc import Sequence

from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.store import Run


def declared_by(runs: Sequence[Run]) -> tuple[str, ...]:
    """Return the primary outcomes that runs declare, none twice."""
    return tuple(dict.fromkeys(name for run in runs for name in run.config.primary))


def checked(names: tuple[str, ...], known: Sequence[str]) -> tuple[str, ...]:
    """Return the primary outcomes named with a report.

    Raises:
        UserError: one is not among the `known`, nor about an agent of one ("QUESTION:2").

    """
    for name in names:
        if name not in known and name.partition(":")[0] not in known:
            raise UserError(f"--primary {name!r} is no outcome of these runs; {suggest(name, known)}")
    return names


def where_declared(runs: Sequence[Run], given: tuple[str, ...]) -> str:
    """Say where the primary outcomes were declared; `given` are those named with the report."""
    before = declared_by(runs)
    if not given:
        every = all(set(run.config.primary) == set(before) for run in runs)
        return f"in {'the run' if len(runs) == 1 else 'the runs' if every else 'some of the runs'}"
    if set(before) == set(given):
        return f"in the run{'s' if len(runs) > 1 else ''} and with this report"
    also = f" (the run declared {', '.join(before)})" if before else ""
    return f"with this report, when the run had been made{also}"
