"""Dialogues in the making: what has been said so far, read from the run folder alone."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, ValidationError

from negosim._checksum import DamageError, checked
from negosim._frozen import Frozen
from negosim.records import Condition, Measurement, Turn
from negosim.store import PROGRESS, Run, lines_from, shards

_SECRET = secrets.token_bytes(16)
"""Names of dialogues in the making, which say their condition, are told by no address."""


class _ProgressLine(Frozen):
    model_config = ConfigDict(extra="ignore")
    dialogue: str = ""
    turns: tuple[Turn, ...] = ()
    measurements: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Making:
    """An unfinished dialogue."""

    key: str
    """Its name in addresses."""
    id: str
    scenario: str
    condition: Condition
    turns: tuple[Turn, ...]
    measurements: tuple[Measurement, ...]


def being_made(run: Run) -> list[Making]:
    """Return the dialogues of a run that are being made, as far as they are stored."""
    found = []
    for file in _progress(run.path):
        try:
            steps = [
                _ProgressLine.model_validate_json(checked(line)[0]) for _, _, line in lines_from(file, 0)
            ]
        except (DamageError, ValidationError, OSError):
            continue  # resuming the run says what is wrong with it
        scenario, _, rest = file.stem.partition(".")
        if steps and scenario in run.header.scenarios:
            found.append(
                Making(
                    hashlib.blake2s(file.stem.encode(), key=_SECRET, digest_size=8).hexdigest(),
                    file.stem,
                    scenario,
                    Condition.model_validate(rest.partition(".")[0]),
                    tuple(turn for step in steps for turn in step.turns),
                    tuple(given for step in steps for given in step.measurements),
                )
            )
    return found


def stopped(run: Run, stored: int) -> bool:
    """Tell whether a run has fewer dialogues than planned and nobody adds to it: it was stopped or killed."""
    return stored < run.header.planned and not run.is_being_made


def state_of(run: Run, stored: int) -> tuple[tuple[str, int], ...]:
    """Return what changes whenever there is something new to show: the sizes of a run's files.

    Args:
        run: the run.
        stored: how many dialogues it has.

    """
    files = [*shards(run.path), run.path / "judgements.jsonl", *_progress(run.path)]
    sizes = [("stopped", int(stopped(run, stored)))]
    for file in files:
        try:
            sizes.append((file.name, file.stat().st_size))
        except OSError:
            continue
    return tuple(sizes)


def _progress(folder: Path) -> list[Path]:
    return sorted((folder / PROGRESS).glob("*.jsonl"))
