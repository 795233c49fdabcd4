"""Header of a GGUF file: how long a context its model has, and how much memory one takes.

The format is https://github.com/ggml-org/ggml/blob/master/docs/gguf.md: a count of named values, which stand
before the vocabulary, which is not read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_LONGEST = 1 << 16
"""Bytes of a name or text, or items of a list, beyond which a header is not read on."""
_BYTES = {"f16": 2.0, "q8_0": 34 / 32}
"""Of one number in the cache of what was read."""


@dataclass(frozen=True)
class ModelShape:
    """What bounds the context of a model."""

    trained: int
    """Tokens of context it was trained on."""
    numbers: int
    """Numbers that a token takes in the cache of what was read."""

    def cache_bytes(self, tokens: int, kind: str) -> int:
        """Return the memory that tokens take which were read, kept as "f16" or "q8_0"."""
        return int(tokens * self.numbers * _BYTES[kind])


def shape_of(path: Path) -> ModelShape | None:
    """Return what a file says of its model, None where it does not say all of it.

    Raises:
        OSError: the file cannot be read.

    """
    found: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            found.update(_values(file))
    except (ValueError, struct.error, KeyError):
        return None
    try:
        kind = found["general.architecture"]
        heads = found[f"{kind}.attention.head_count"]
        shared = found.get(f"{kind}.attention.head_count_kv", heads)
        size = found[f"{kind}.embedding_length"] // heads
        key = found.get(f"{kind}.attention.key_length", size)
        value = found.get(f"{kind}.attention.value_length", size)
        return ModelShape(
            trained=found[f"{kind}.context_length"],
            numbers=found[f"{kind}.block_count"] * shared * (key + value),
        )
    except (KeyError, TypeError, ZeroDivisionError):
        return None


def _values(file: BinaryIO) -> Iterator[tuple[str, Any]]:
    if file.read(4) != b"GGUF" or _number(file, "I") < 2:
        raise ValueError("no GGUF file of version 2 or later")
    _number(file, "Q")  # of tensors
    for _ in range(_number(file, "Q")):
        name = _text(file)
        if name.startswith("tokenizer."):
            return
        yield name, _value(file, _number(file, "I"))


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return _text(file)
    if kind == _ARRAY:
        item, length = _number(file, "I"), _number(file, "Q")
        if length > _LONGEST:
            raise ValueError("a long list before what is looked for")
        return [_value(file, item) for _ in range(length)]
    return _number(file, _NUMBERS[kind])


def _text(file: BinaryIO) -> str:
    length = _number(file, "Q")
    if length > _LONGEST:
        raise ValueError("a long text before what is looked for")
    return file.read(length).decode("utf-8", "replace")


def _number(file: BinaryIO, form: str) -> Any:
    (value,) = struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))
    return value
