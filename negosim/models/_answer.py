"""Reader of a model's answer: the one JSON object in it, taken as it is or not at all."""

import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from negosim.models._json import read_strictly

Answer = TypeVar("Answer", bound=BaseModel)

_THOUGHT = r"(?:seed:)?(?:think|thinking|thought|thoughts|reasoning)"
_OPEN = re.compile(rf"<{_THOUGHT}>|\[THINK\]|◁think▷|<\|channel\|>analysis", re.IGNORECASE)
_CLOSE = re.compile(
    rf"</{_THOUGHT}>|\[/THINK\]|◁/think▷|<\|channel\|>final(?: json)?<\|message\|>", re.IGNORECASE
)
"""The marks around a thought that a server has left in the answer."""
_MOST_THOUGHTS = 10

_BRACE = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}]', re.DOTALL)
"""A brace, or a string, which may hold some."""

_STRUCTURE = frozenset({"missing", "extra_forbidden", "literal_error", "enum", "none_required"})

_WRITTEN_BARE = frozenset({"bool_type", "int_type", "float_type"})
"""What small models write as text."""


class FormError(ValueError):
    """The answer does not have the form that a server holds its model to, where it does."""


class EmptyError(FormError):
    """There was no answer at all."""


def parse_answer(text: str, answer: type[Answer]) -> Answer:
    """Read and validate an answer.

    A thought before the object, the prose around it and a code fence are overlooked, as long as there is
    one object. Types are not guessed: "yes" is no boolean and "7" no number. What two readers of JSON
    would read differently is not read.

    Raises:
        ValueError: the answer cannot be used. The reason quotes nothing of it, since a reason goes
            to places where a private thought must not.

    """
    text = _only_object(_after_thoughts(text))
    try:
        data = read_strictly(text)
    except ValueError as error:
        raise FormError(f"the answer was no JSON to rely on: {error}") from None
    if not isinstance(data, dict):
        raise FormError("the answer was not a JSON object")
    try:
        return answer.model_validate_json(text, strict=True)
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False)
        kind = FormError if any(map(_is_structure, items)) else ValueError
        raise kind("; ".join(map(_describe, items[:8]))) from None


def _is_structure(item: ErrorDetails) -> bool:
    return item["type"] in _STRUCTURE or item["type"].endswith("_type")


def _describe(item: ErrorDetails) -> str:
    # The name of a field nobody asked for is the model's own word.
    unknown = item["type"] == "extra_forbidden"
    where = ".".join(str(part) for part in item["loc"][: -1 if unknown else None]) or "the answer"
    text_for_another = item["type"] in _WRITTEN_BARE and isinstance(item["input"], str)
    bare = ", without quotation marks" if text_for_another else ""
    return f"{where}: {'a field was not asked for' if unknown else item['msg'] + bare}"


def _after_thoughts(text: str) -> str:
    """Return what follows the thoughts at the head of an answer; a mark inside its object is no mark."""
    for _ in range(_MOST_THOUGHTS):
        text = text.strip("\ufeff \t\r\n")
        if not text:
            raise EmptyError("the answer was empty")
        thinks, end = _OPEN.match(text), _CLOSE.search(text)
        if end is not None and thinks is None:
            end = _CLOSE.search(text, max(_closing(text, text.find("{")), 0))
        if end is None and thinks:
            raise FormError("the answer was a thought that did not end")
        if end is None:
            return text
        text = text[end.end() :]
    raise FormError("the answer was one thought after another")


def _only_object(text: str) -> str:
    """Return the one balanced {...} in a text; a second one makes it unclear which is meant."""
    start = text.find("{")
    end = _closing(text, start)
    if start < 0:
        raise FormError("the answer held no JSON object")
    if end < 0:
        raise FormError("the answer held no complete JSON object")
    if text[:start].rstrip().endswith("[") and text[end:].lstrip().startswith(("]", ",")):
        raise FormError("the answer was not a JSON object")
    if "{" in text[end:] or "}" in text[:start] + text[end:]:
        raise FormError("the answer held more than one JSON object")
    return text[start:end]


def _closing(text: str, start: int) -> int:
    """Return the position after the brace that closes the one at `start`, or -1."""
    depth = 0
    for found in _BRACE.finditer(text, start) if start >= 0 else ():
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return -1
