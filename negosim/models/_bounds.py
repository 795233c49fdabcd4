"""Strings of an answer that end at their length bound: a server that enforces the form cuts them in silence.

Such a string ended because there was no more room, though the server says that the model was done.
"""

import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)

_ENDS = re.compile(r"[.!?…][\"'”’»)\]]*\Z")
_WHOLE_SENTENCES = re.compile(r".*[.!?…][\"'”’»)\]]*(?=\s)", re.DOTALL)


def cut_fields(answer: BaseModel, where: str = "") -> Iterator[tuple[str, int]]:
    """Yield the path and bound of each string that fills its bound and ends within a sentence."""
    for name, field in type(answer).model_fields.items():
        value = getattr(answer, name)
        if isinstance(value, BaseModel):
            yield from cut_fields(value, f"{where}{name}.")
        elif isinstance(value, str):
            bound = _bound(field.metadata)
            # White space at the end has been stripped when the answer was read.
            if bound is not None and len(value) >= bound - 1 and not _ENDS.search(value):
                yield f"{where}{name}", bound


def cut_reason(answer: BaseModel) -> str:
    """Say which strings were cut and what they may have; "" where none was."""
    return "; ".join(
        f'"{path}" was cut off at {bound} characters; say it shorter, in whole sentences'
        for path, bound in cut_fields(answer)
    )


def trimmed(answer: Answer) -> Answer:
    """Return an answer whose cut strings end with their last whole sentence, where they have one."""
    changed: dict[str, object] = {}
    cut = {path for path, _ in cut_fields(answer)}
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        if isinstance(value, BaseModel):
            changed[name] = trimmed(value)
        elif name in cut and (whole := _WHOLE_SENTENCES.match(value)):
            changed[name] = whole[0]
    return answer.model_copy(update=changed)


def _bound(metadata: list[object]) -> int | None:
    bounds = (getattr(item, "max_length", None) for item in metadata)
    return next((bound for bound in bounds if isinstance(bound, int)), None)
