"""A scripted model that fills any form, and what it was asked."""

from collections.abc import Callable
from typing import Any

import pytest

from negosim.models import ChatRequest, ScriptedModel


def fill(schema: Any, number: int) -> Any:
    if "anyOf" in schema:
        return fill(schema["anyOf"][0], number)
    if "enum" in schema:
        return schema["enum"][number % len(schema["enum"])]
    if "const" in schema:
        return schema["const"]
    match schema.get("type"):
        case "object":
            return {
                name: fill(part, number + at) for at, (name, part) in enumerate(schema["properties"].items())
            }
        case "string":
            return f"Words of answer {number}."
        case "boolean":
            return False
        case "null":
            return None
        case "array":
            return [fill(schema["items"], number)]
    return schema.get("minimum", 1)


def make_filling(**overrides: Any) -> ScriptedModel:
    """Return a model whose answers follow from the request's seed; `overrides` are by the form's name."""

    def answer(request: ChatRequest) -> Any:
        given = overrides.get(request.schema_name)
        given = given(request) if callable(given) else given
        if given is not None:
            return given
        filled = fill(request.schema, request.seed)
        if "move" in filled:
            filled["move"] = filled["move"] | {"action": "talk", "offer": None}
        return filled

    return ScriptedModel(answer)


@pytest.fixture
def filling() -> Callable[..., ScriptedModel]:
    return make_filling
