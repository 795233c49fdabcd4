"""The runs a viewer shows: found below the folders it was given, each under a name of its own."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from negosim.errors import UserError
from negosim.store import DIALOGUE_COUNT, JUDGEMENT_COUNT, Run, RunIndex, read_count


@dataclass(frozen=True)
class Shelf:
    """A run with its index, and the name it has in addresses."""

    key: str
    run: Run
    index: RunIndex


def lost(run: Run, index: RunIndex) -> str | None:
    """Return what is said of a run whose dialogues or judgements were cut off, where the index has them all.

    Lines that later ones replace are counted too, so that it takes a look at the file to be sure.
    """
    try:
        if index.count() < read_count(run.path / DIALOGUE_COUNT):
            run.check()
        if index.sums()["sheets"] < read_count(run.path / JUDGEMENT_COUNT):
            for _ in run.judgements():
                pass
    except UserError as error:
        return str(error)
    return None


class RunFolders:
    """Run folders, and folders of run folders; new runs in them are found when they are there.

    Args:
        places: what to look at.

    Raises:
        UserError: a place is no folder.

    """

    def __init__(self, places: list[Path]) -> None:
        self._places = [place.expanduser() for place in places]
        self._open: dict[Path, tuple[tuple[int, int], Shelf]] = {}
        self._lock = Lock()
        for place in self._places:
            if not place.is_dir():
                raise UserError(
                    f"no folder {str(place)!r}; name a run folder or a folder of runs, or make a run first: "
                    "negosim generate --scenario viatex"
                )

    def shelves(self) -> tuple[list[Shelf], list[str]]:
        """Return the runs, newest first, and what is wrong with those that cannot be read."""
        with self._lock:
            folders = self._folders()
            shelves, wrong = [], []
            for key, folder in folders.items():
                try:
                    shelves.append(self._shelf(key, folder))
                except UserError as error:
                    wrong.append(str(error))
        return sorted(shelves, key=lambda one: one.run.header.created, reverse=True), wrong

    def shelf(self, key: str) -> Shelf:
        """Return a run by its name.

        Raises:
            UserError: there is none, or it cannot be read.

        """
        with self._lock:
            folder = self._folders().get(key)
            if folder is None:
                raise UserError(f"no run {key!r} here")
            return self._shelf(key, folder)

    def _folders(self) -> dict[str, Path]:
        found: dict[Path, None] = {}
        for place in self._places:
            if (place / "run.json").is_file():
                found[place] = None
            else:
                found |= dict.fromkeys(sorted(header.parent for header in place.glob("*/run.json")))
        names = Counter(folder.resolve().name for folder in found)
        taken: Counter[str] = Counter()
        keyed = {}
        for folder in found:
            name = folder.resolve().name
            taken[name] += 1
            keyed[name if names[name] == 1 else f"{name}~{taken[name]}"] = folder
        return keyed

    def _shelf(self, key: str, folder: Path) -> Shelf:
        try:
            stat = (folder / "run.json").stat()
            stamp = stat.st_ino, stat.st_mtime_ns
        except OSError:
            stamp = 0, 0
        known = self._open.get(folder)
        if known is None or known[0] != stamp or known[1].key != key:
            run = Run.open(folder)
            known = self._open[folder] = stamp, Shelf(key, run, RunIndex(run))
        return known[1]
