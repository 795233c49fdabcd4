"""Reading a model's answer: one JSON object, taken as it is or not at all."""

import re
from typing import TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from negosim.models._types import AnswerMode

Answer = TypeVar("Answer", bound=BaseModel)

_FENCED = re.compile(r"```(?:json|JSON)?[ \t]*\r?\n(.*)\n[ \t]*```", re.DOTALL)


def parse_answer(text: str, answer: type[Answer], mode: AnswerMode) -> Answer:
    """Read and validate an answer.

    Only surrounding white space and a code fence are overlooked; where the server could not be held
    to JSON (`mode` "prompt"), so is prose around one object. Types are not guessed: "yes" is no
    boolean and "7" no number.

    Raises:
        ValueError: the answer cannot be used. The reason quotes nothing of it, since a reason goes
            to places where a private thought must not.

    """
    text = text.strip()
    if not text:
        raise ValueError("the answer was empty")
    fenced = _FENCED.fullmatch(text)
    if fenced:
        text = fenced[1].strip()
    if mode == "prompt":
        text = _only_object(text)
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"the answer was not valid JSON ({error.msg}, line {error.lineno})") from None
    if not isinstance(data, dict):
        raise ValueError("the answer was not a JSON object")
    try:
        return answer.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ValueError("; ".join(_describe(error))) from None


def _describe(error: ValidationError) -> list[str]:
    reasons = []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in item["loc"]) or "the answer"
        reasons.append(f"{where}: {item['msg']}")
    return reasons[:8]


def _only_object(text: str) -> str:
    """Return the one balanced {...} in a text; a second one makes it unclear which is meant."""
    start = text.find("{")
    end = _closing(text, start)
    if start < 0 or end < 0:
        raise ValueError("the answer held no complete JSON object")
    if "{" in text[end:]:
        raise ValueError("the answer held more than one JSON object")
    return text[start:end]


def _closing(text: str, start: int) -> int:
    """Return the position after the brace that closes the one at `start`, or -1."""
    depth, quoted, escaped = 0, False, False
    for position in range(max(start, 0), len(text)):
        char = text[position]
        if quoted:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                quoted = False
        elif char == '"':
            quoted = True
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return position + 1
    return -1
