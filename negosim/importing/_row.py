"""One row of a published file: where it stands, what it holds, what is wrong with it."""

from dataclasses import dataclass
from typing import Any


class BadRowError(ValueError):
    """What is wrong with a row."""


@dataclass(frozen=True)
class Row:
    """One entry of a file."""

    where: str
    """File and row, for messages."""
    number: int
    """In its file, from 1; of tables, the header is row 1."""
    content: Any
    """A mapping by column or field, where it is sound."""
    problem: str | None = None
    """Why it cannot be used, where that is known from its form alone."""
    split: str | None = None
    """The list of the file it stands in, where the file has several."""

    @property
    def name(self) -> str:
        """What tells it from the other rows of its file."""
        return f"{self.split}-{self.number}" if self.split else str(self.number)
