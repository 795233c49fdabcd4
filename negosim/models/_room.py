"""Room for an answer: how many tokens a form can need, by its JSON Schema."""

from functools import lru_cache

import orjson

from negosim.models._schema import Schema

USUAL = 1024
"""Tokens an answer may have where nothing else is set and its form needs no more."""
MOST = 4096
"""Tokens up to which answers get more room than usual by themselves; many models write no more."""
CHARACTERS = 3
"""Characters a token has at least, in prose of most languages."""
UNBOUNDED = 400
"""Characters given to a string without a bound."""
USUAL_ITEMS = 8
"""Items given to a list without a bound."""
NUMBER = 8
"""Tokens of a number."""


def tokens_needed(schema: Schema) -> int:
    """Return how many tokens an answer can take that uses all its form allows.

    Examples:
        >>> from negosim.models import tokens_needed
        >>> tokens_needed({"type": "array", "items": {"type": "boolean"}, "maxItems": 3})
        8

    """
    return _needed(orjson.dumps(schema))


@lru_cache(maxsize=512)
def _needed(schema: bytes) -> int:
    return _tokens(orjson.loads(schema))


def _tokens(schema: Schema) -> int:
    if "anyOf" in schema:
        return max(map(_tokens, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return max(_written(value) for value in schema.get("enum") or [schema.get("const")])
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return 2 + sum(_written(name) + 2 + _tokens(part) for name, part in fields.items())
    if kind == "array":
        return 2 + int(schema.get("maxItems", USUAL_ITEMS)) * (1 + _tokens(schema.get("items", {})))
    if kind == "string":
        return 2 + -(-int(schema.get("maxLength", UNBOUNDED)) // CHARACTERS)
    return {"boolean": 1, "null": 1}.get(str(kind), NUMBER)


def _written(value: object) -> int:
    """Return the tokens of a name or an option; ids are cut into more of them than prose is."""
    return 1 + -(-len(orjson.dumps(value)) // 2)
