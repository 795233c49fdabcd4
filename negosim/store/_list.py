"""Listing the runs below a folder."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from negosim.errors import UserError
from negosim.store._create import HEADER
from negosim.store._run import Run


@dataclass(frozen=True)
class RunSummary:
    """What a listing says of a run."""

    path: Path
    created: datetime
    scenarios: tuple[str, ...]
    models: tuple[str, ...]
    stored: int
    planned: int


def list_runs(folder: str | Path = "runs") -> list[RunSummary]:
    """Return the runs below a folder, newest first; folders that hold no readable run are passed over."""
    summaries = []
    for header in sorted(Path(folder).glob(f"*/{HEADER}")):
        try:
            run = Run.open(header.parent)
        except UserError:
            continue
        config = run.config
        summaries.append(
            RunSummary(
                run.path,
                datetime.fromisoformat(run.header.created),
                tuple(run.header.scenarios),
                config.models,
                len(run),
                run.header.planned,
            )
        )
    return sorted(summaries, key=lambda summary: summary.created, reverse=True)
