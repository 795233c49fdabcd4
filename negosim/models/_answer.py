"""Reader of a model's answer: the one JSON object in it, taken as it is or not at all; refusals."""

import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from negosim.models._json import read_strictly
from negosim.models._types import ChatResponse, Usage

Answer = TypeVar("Answer", bound=BaseModel)

RUNAWAY = 40
"""Blanks at the end of an answer that was cut off: held to JSON, some models never leave them."""

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


class RefusalError(ValueError):
    """The model declined to answer, be it in prose."""


_SORRY = r"[^.!?]{0,60}?\b(?:sorry|apologi[sz]e|unfortunately|afraid)\b[^A-Za-z]*(?:but )?(?:that )?"
_AS_AI = r"as an? (?:ai|(?:large )?language model)\b[^.!?]*?\b"
_WILL_NOT = (
    r"(?:I|we)(?: am|['’]m| must| have to)? ?(?:can ?not|can['’]t|won['’]t|will not|do not|don['’]t|unable"
    r"|not able|not comfortable|decline|refuse)"
)
_TO_DO_IT = (
    r"(?:help|assist|comply|provide|answer|respond|continue|engage|participate|take part|fulfill?|creat\w+"
    r"|generat\w+|writ\w+|produc\w+|role-?play\w*|support|deceiv\w+|decept\w+|lie|lying|mislead\w*"
    r"|manipulat\w+|do that|do this|request)"
)
_DECLINES = re.compile(
    rf"\W*(?:(?:error|refusal|message|response|answer)\W+)?(?:{_AS_AI}|{_SORRY})?\b{_WILL_NOT}\b"
    rf"[^.!?]{{0,60}}?\b{_TO_DO_IT}\b",
    re.IGNORECASE,
)
"""How models decline: an apology or none, then what they will not do."""


def declines(text: str) -> bool:
    """Return whether a text that is no answer says that the model will not give one."""
    return bool(_DECLINES.match(text.lstrip()))


def read_response(response: ChatResponse, answer: type[Answer], max_tokens: int) -> Answer:
    """Read the answer in a response.

    Raises:
        ValueError: there is no usable one; the reason quotes nothing of it.

    """
    if response.finish == "refusal":
        raise RefusalError("the model refused to answer")
    if response.finish == "filtered":
        raise RefusalError("the provider's content filter refused it")
    if response.finish == "reasoning":
        raise ValueError(
            "the answer was empty, and the reasoning channel was not; start the server without its reasoning "
            f"parser, or allow more than {max_tokens} tokens (?max_tokens=4000)"
        )
    if response.finish == "length":
        if not response.text.strip():
            raise ValueError(
                f"max_tokens ({max_tokens}) were used up before the answer began: models that reason need "
                "more (?max_tokens=4000)"
            )
        if response.text[-RUNAWAY:].isspace():
            raise FormError("the answer ran on in blanks until it was cut off")
        where = _where(response.usage, max_tokens)
        raise ValueError(f"the answer was cut off at {where}; it must be shorter")
    return parse_answer(response.text, answer)


def _where(usage: Usage, max_tokens: int) -> str:
    """Return at what an answer was cut off; servers stop one where the context is full, too."""
    written = usage.tokens_out
    early = 0 < written < 0.9 * max_tokens
    context = f", or at the end of the model's context (after {written} tokens)" if early else ""
    return f"max_tokens ({max_tokens}){context}"


def parse_answer(text: str, answer: type[Answer]) -> Answer:
    """Read and validate an answer.

    A thought before the object, the prose around it and a code fence are overlooked, as long as there is
    one object. Types are not guessed: "yes" is no boolean and "7" no number. What two readers of JSON
    would read differently is not read.

    Raises:
        ValueError: the answer cannot be used. The reason quotes nothing of it, since a reason goes
            to places where a private thought must not.

    """
    text = _after_thoughts(text)
    try:
        return _parsed(_only_object(text), answer)
    except FormError:
        if declines(text):
            raise RefusalError("the model refused to answer, in prose") from None
        raise


def _parsed(text: str, answer: type[Answer]) -> Answer:
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
