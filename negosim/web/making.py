"""Dialogues in the making: what has been said so far, read from the run folder alone."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, ValidationError

from negosim._checksum import DamageError, checked
from negosim._frozen import Frozen
from negosim.records import Condition, Measurement, Turn
from negosim.store import PROGRESS, Run, lines_from, shards

_SECRET = secrets.token_bytes(16)
"""Names of dialogues in the making, which say their condition, are told by no address."""

LOOKS = 10
"""Looks at a run that nobody adds to, from one look at its lock to the next."""


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


class RunWatch:
    """What there is to see of a run, looked at again and again.

    Whether a process is adding to the run is told by its lock, which a look takes for an instant where it is
    free. So the lock is left alone while files grow; where it was free, until they grow or for some looks.

    Args:
        run: the run.

    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sizes: tuple[tuple[str, int], ...] = ()
        self._stopped = False
        self._looks = 0

    def state(self, stored: int) -> tuple[tuple[str, int], ...]:
        """Return what changes whenever there is something new to show: sizes of files, whether it goes on.

        Args:
            stored: how many dialogues the run has.

        """
        sizes = tuple(_sizes(self._run))
        grown = bool(self._sizes) and sizes != self._sizes
        self._looks = 0 if grown else self._looks + 1
        if grown:
            self._stopped = False
        elif not self._stopped or self._looks >= LOOKS:
            self._stopped, self._looks = stopped(self._run, stored), 0
        self._sizes = sizes
        return (*sizes, ("stopped", int(self._stopped)))


def _sizes(run: Run) -> Iterator[tuple[str, int]]:
    """Yield the run's files, each with its size."""
    for file in (*shards(run.path), run.path / "judgements.jsonl", *_progress(run.path)):
        with suppress(OSError):
            yield file.name, file.stat().st_size


def _progress(folder: Path) -> list[Path]:
    return sorted((folder / PROGRESS).glob("*.jsonl"))
