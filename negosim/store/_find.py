"""Finding one dialogue of a run by what a user calls it, without reading the others."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.records import Dialogue
from negosim.store._count import DIALOGUES, read_count
from negosim.store._index import RunIndex
from negosim.store._lines import MovedError, line_at
from negosim.store._shards import read_line

if TYPE_CHECKING:
    from negosim.store._run import Run


def find_dialogue(run: "Run", reference: str) -> Dialogue:
    """Return a dialogue by id, by the start of an id that names one only, or by number from 1.

    Where its line is stands in the run's index, which is carried on first; where an index can be written
    nowhere, the run is read through.

    Raises:
        UserError: none or several match, its line is damaged, or dialogues of the run were lost.

    """
    try:
        index = RunIndex(run)
        index.locate()
    except UserError:
        return _read_through(run, reference)
    if index.lines < read_count(run.path / DIALOGUES):
        run.check()
    place = index.place_of(reference)
    return _stored(index, _full_id(index, reference) if place is None else place.id)


def _read_through(run: "Run", reference: str) -> Dialogue:
    ids = [dialogue.id for dialogue in run]
    number = int(reference) if reference.isdecimal() else 0
    if reference in ids:
        name = reference
    elif 1 <= number <= len(ids):
        name = ids[number - 1]
    else:
        name = _only(run, reference, [id for id in ids if id.startswith(reference)], ids)
    return next(dialogue for dialogue in run if dialogue.id == name)


def _full_id(index: RunIndex, reference: str) -> str:
    begun = index.names(reference)
    if not begun:
        for _ in index.run:  # a line that cannot be read may be what is meant: reading names it
            pass
    return _only(index.run, reference, begun, [] if begun else index.names())


def _only(run: "Run", reference: str, begun: Sequence[str], ids: Sequence[str]) -> str:
    """Return the one id that begins with a reference.

    Raises:
        UserError: none does, or several.

    """
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise UserError(f"{reference!r} names {len(begun)} dialogues, {begun[0]} among them; give a full id")
    known = f"it has {len(ids)}" if reference.isdecimal() else suggest(reference, ids)
    raise UserError(f"no dialogue {reference!r} in {run.path}; {known}")


def _stored(index: RunIndex, name: str) -> Dialogue:
    """Read a dialogue where the index has it; where its file was edited in place, look once more."""
    for _ in range(2):
        if (place := index.place_of(name)) is None:
            break
        file = index.run.path / place.file
        with suppress(MovedError):
            line = line_at(file, place.start, place.stop)
            if (found := read_line(f"{file}, from byte {place.start}", line, Dialogue)).id == name:
                return found
        index.rebuild()
        index.locate()
    raise UserError(f"{index.run.path} was rewritten while it was read; try again")
