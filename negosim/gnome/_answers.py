"""Answers of mappers while a mapping is under way: kept in order, one a line, so that it can go on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import ValidationError

from negosim._checksum import DamageError, checked, with_checksum
from negosim._files import append_whole, first_error, unreadable, unwritable, write_whole
from negosim._frozen import Frozen
from negosim.errors import UserError
from negosim.gnome._post import MappedAnswer
from negosim.records import StageAccount
from negosim.store import lines

SETTINGS, ANSWERS, COSTS = "mapping.json", "answers.jsonl", "costs.jsonl"


class AnswerRow(Frozen):
    """A line of `answers.jsonl`: what came back for one dialogue and copy."""

    parent: str
    source: str
    copy_number: int
    seed: int
    wish: str = ""
    """The domain that was asked for; "" where the model chose."""
    domain: str = ""
    items: tuple[str, ...] = ()
    failed: Literal["failed", "truncated"] | None = None
    reason: str = ""

    def answer(self) -> MappedAnswer:
        """Return it as post-processing takes it."""
        return MappedAnswer(
            parent=self.parent,
            source=self.source,
            copy=self.copy_number,
            domain=self.domain,
            items=self.items,
            failed=self.failed,
        )


class AnswerFile:
    """The answers there are, in the order they were planned."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Begin, or take up where an equal mapping was stopped.

        Raises:
            UserError: the folder has a mapping with other settings, is damaged, or cannot be written.

        """
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._check(orjson.loads(orjson.dumps(settings)))
            (folder / ANSWERS).touch()
        except OSError as error:
            raise unwritable(folder, error) from None
        self.rows: list[AnswerRow] = []
        end = 0
        for number, (line, end) in enumerate(lines(folder / ANSWERS), 1):  # noqa: B007
            self.rows.append(self._row(line, number))
        try:
            self._file = (folder / ANSWERS).open("ab", buffering=0)
            self._file.truncate(end)
            self._costs = (folder / COSTS).open("ab", buffering=0)
        except OSError as error:
            raise unwritable(folder, error) from None

    def append(self, row: AnswerRow, account: tuple[StageAccount, ...] = ()) -> None:
        """Store the next answer, and what it cost.

        Raises:
            UserError: the disk is full or the file cannot be written.

        """
        try:
            if account:
                costs = [item.model_dump(mode="json") for item in account]
                append_whole(self._costs, orjson.dumps(costs) + b"\n")
            append_whole(self._file, with_checksum(orjson.dumps(row.model_dump(mode="json"))))
        except OSError as error:
            raise unwritable(self.folder, error, "what was mapped is kept; {mend} and go on") from None
        self.rows.append(row)

    def account(self) -> list[StageAccount]:
        """Return what all calls cost, those before it was stopped included."""
        return [
            StageAccount.model_validate(item)
            for line, _ in lines(self.folder / COSTS)
            for item in orjson.loads(line)
        ]

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        self._costs.close()

    def _check(self, settings: dict[str, Any]) -> None:
        place = self.folder / SETTINGS
        if not place.exists():
            write_whole(place, orjson.dumps(settings, option=orjson.OPT_INDENT_2))
            return
        try:
            known = orjson.loads(place.read_bytes())
        except orjson.JSONDecodeError as error:
            raise UserError(f"{place}: {error}; remove the folder {self.folder} to begin anew") from None
        except OSError as error:
            raise unreadable(place, error) from None
        different = sorted(key for key in {*known, *settings} if known.get(key) != settings.get(key))
        if different:
            raise UserError(
                f"{self.folder} has the beginning of another mapping: {', '.join(different)} differ; give "
                "the same again, choose another --out, or remove that folder"
            )

    def _row(self, line: bytes, number: int) -> AnswerRow:
        try:
            return AnswerRow.model_validate_json(checked(line)[0])
        except (DamageError, ValidationError) as error:
            wrong = first_error(error) if isinstance(error, ValidationError) else str(error)
            raise UserError(
                f"{self.folder / ANSWERS}, line {number}: {wrong}; cut the file off before it to map the "
                "rest again"
            ) from None
