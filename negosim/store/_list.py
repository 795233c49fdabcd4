"""Listing the runs below a folder."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from negosim.errors import UserError
from negosim.store._create import HEADER
from negosim.store._run import Run

logger = logging.getLogger("negosim.store")


@dataclass(frozen=True)
class RunSummary:
    """What a listing says of a run."""

    path: Path
    created: datetime
    scenarios: tuple[str, ...]
    models: tuple[str, ...]
    stored: int
    planned: int


def list_runs(
    folder: str | Path = "runs", *, passed_over: Callable[[UserError], None] | None = None
) -> list[RunSummary]:
    """Return the runs below a folder, newest first; one that cannot be read is passed over and told.

    Args:
        folder: where the run folders lie.
        passed_over: told what is wrong with a run that cannot be read; by default, the log is.

    Returns:
        What a listing says of each run: its folder, when it was made, scenarios, models, dialogues.

    Examples:
        >>> import negosim
        >>> run = negosim.generate(negosim.RunConfig(scenarios="viatex"), out="runs/first")
        >>> [summary.scenarios for summary in negosim.list_runs("runs")]
        [('viatex',)]

    """
    summaries = []
    for header in sorted(Path(folder).glob(f"*/{HEADER}")):
        try:
            summaries.append(_summary(Run.open(header.parent)))
        except UserError as error:
            if passed_over is None:
                logger.warning("passed over: %s", error)
            else:
                passed_over(error)
    return sorted(summaries, key=lambda summary: summary.created, reverse=True)


def _summary(run: Run) -> RunSummary:
    return RunSummary(
        run.path,
        _time(run),
        tuple(run.header.scenarios),
        run.config.models,
        len(run),
        run.header.planned,
    )


def _time(run: Run) -> datetime:
    try:
        created = datetime.fromisoformat(run.header.created)
        return created if created.tzinfo else created.replace(tzinfo=UTC)
    except ValueError:
        raise UserError(
            f"{run.path / HEADER}: created: {run.header.created!r} is no time in ISO 8601"
        ) from None
