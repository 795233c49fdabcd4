"""The JSON Schema a server is held to, made from a pydantic class.

Servers take different parts of JSON Schema. The schema made here uses what constrained decoding in
llama.cpp, vLLM and their kin understands; `portable` leaves only what OpenAI's strict mode is sure
to take. What a schema cannot say is still checked: the answer is validated by its class.
"""

import re
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

# Nothing here narrows an answer in a way that all servers can enforce: annotations, defaults (every
# field is asked for), and patterns, whose dialects differ.
_DROPPED = frozenset({"title", "default", "examples", "pattern", "format", "discriminator", "uniqueItems"})
_BOUNDS = frozenset(
    {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"}
    | {"exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
)


@lru_cache(maxsize=512)
def answer_schema(answer: type[BaseModel]) -> Schema:
    """Return the JSON Schema of an answer: closed objects, every field required, nothing by reference.

    Raises:
        TypeError: the class holds what no server can be held to (free-form mappings, recursion).

    """
    schema = answer.model_json_schema()
    return _strict(schema, schema.get("$defs", {}), answer.__name__, ())


@lru_cache(maxsize=512)
def schema_name(answer: type[BaseModel]) -> str:
    """Return the name of an answer's schema, in the characters servers allow."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", answer.__name__)[:64]


def portable(schema: Schema) -> Schema:
    """Return the schema without bounds on lengths, sizes and numbers, which strict servers may reject."""
    kept = {key: value for key, value in schema.items() if key not in _BOUNDS}
    if "properties" in kept:
        kept["properties"] = {name: portable(part) for name, part in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = portable(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [portable(part) for part in kept["anyOf"]]
    return kept


def _strict(schema: Schema, defs: dict[str, Schema], where: str, above: tuple[str, ...]) -> Schema:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        if name in above:
            raise TypeError(f"{where}: the answer class {name} holds itself; an answer must be finite")
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _strict({**defs[name], **beside}, defs, where, (*above, name))
    result = {key: value for key, value in schema.items() if key not in _DROPPED and key != "$defs"}
    for union in ("oneOf", "allOf"):
        if union in result:
            parts = result.pop(union)
            if union == "allOf" and len(parts) > 1:
                raise TypeError(f"{where}: a schema joined by allOf cannot be enforced")
            result["anyOf"] = parts
    if "anyOf" in result:
        result["anyOf"] = [_strict(part, defs, where, above) for part in result["anyOf"]]
    if "prefixItems" in result:
        raise TypeError(f"{where}: a tuple of fixed length cannot be enforced; use named fields")
    if "items" in result:
        result["items"] = _strict(result["items"], defs, f"{where}[]", above)
    if result.get("type") == "object":
        if "properties" not in result:
            raise TypeError(f"{where}: a mapping with free keys cannot be enforced; use named fields")
        result["properties"] = {
            name: _strict(part, defs, f"{where}.{name}", above) for name, part in result["properties"].items()
        }
        result["required"] = list(result["properties"])
        result["additionalProperties"] = False
    return result
