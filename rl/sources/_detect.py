"""Telling a source by what is in it, not by what it is called."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from negosim.errors import UserError
from negosim.rl.sources import casino, esconv, persuasion_for_good, runs
from negosim.rl.sources._json import rows_of
from negosim.rl.sources._source import Source

_LEVELS = 3
"""How deep a folder is searched: published archives have a folder or two around the files."""


def detect(path: str | Path) -> tuple[Source, tuple[Path, ...]]:
    """Return what kind of source a file or folder is, and the files to read.

    Of a file of Persuasion for Good, the folder's other files of the set belong to it.

    Raises:
        UserError: nothing there is of a known kind, or things of several kinds are.

    """
    place = Path(path).expanduser()
    if not place.exists():
        raise UserError(f"no source at {str(path)!r}: there is no such file or folder")
    if place.is_dir() and (place / "run.json").is_file():
        return runs.SOURCE, (place,)
    kinds: dict[str, tuple[Source, list[Path]]] = {}
    for file in [place] if place.is_file() else _files(place, _LEVELS):
        if (source := _kind(file)) is not None:
            kinds.setdefault(source.id, (source, []))[1].append(file)
    if not kinds:
        raise UserError(
            f"{str(path)!r} holds nothing that can be read: neither a run folder of negosim nor files of "
            "Persuasion for Good (full_dialog.csv and full_info.csv), ESConv or CaSiNo as published"
        )
    if len(kinds) > 1:
        raise UserError(f"{str(path)!r} holds several sources ({', '.join(sorted(kinds))}); give one of them")
    ((source, files),) = kinds.values()
    if source is persuasion_for_good.SOURCE and place.is_file():
        files = [file for file in _files(place.parent, 1) if _kind(file) is source]
    return source, tuple(files)


def _files(folder: Path, levels: int) -> list[Path]:
    found: list[Path] = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir() and levels > 1:
            found += _files(entry, levels - 1)
        elif entry.suffix in (".csv", ".xlsx", ".json", ".jsonl", ".txt") and entry.is_file():
            found.append(entry)
    return found


def _kind(file: Path) -> Source | None:
    if file.suffix in (".csv", ".xlsx"):
        names = persuasion_for_good.columns(file)
        fits = names >= persuasion_for_good.TEXT or names >= persuasion_for_good.INFO
        return persuasion_for_good.SOURCE if fits else None
    if file.suffix == ".txt" and not _starts_like_json(file):
        return None
    for _, row in rows_of(file):
        return _kind_of(row)
    return None


def _starts_like_json(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(1) in (b"{", b"[")


def _kind_of(row: Any) -> Source | None:
    if not isinstance(row, Mapping):
        return None
    if {"dialogue_id", "chat_logs", "participant_info"} <= row.keys():
        return casino.SOURCE
    return esconv.SOURCE if {"dialog", "emotion_type", "problem_type"} <= row.keys() else None
