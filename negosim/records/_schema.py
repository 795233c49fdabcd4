"""The JSON Schema of what is stored, with the fields' documentation."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from negosim._frozen import Frozen
from negosim.records._dialogue import Dialogue
from negosim.scenarios import Scenario


def scenario_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario's file; `negosim scenarios validate` knows more."""
    return _with_descriptions(Scenario.model_json_schema(mode="validation"), "Scenario", "negosim.scenarios")


def dialogue_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line of `dialogues.jsonl`.

    Descriptions are the texts below the fields in the source. Pydantic could put them in by itself, but
    would then read the source of every model whenever negosim starts.
    """
    here = __name__.rpartition(".")[0]
    schema = _with_descriptions(Dialogue.model_json_schema(mode="serialization"), "Dialogue", here)
    schema["properties"]["crc32"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{8}$",
        "description": "CRC-32 of the line before the comma that this field stands behind.",
    }
    return schema


def _with_descriptions(schema: dict[str, Any], name: str, package: str) -> dict[str, Any]:
    """Put the texts below the fields of a package's models into a schema of one of them, by name."""
    models = {model.__name__: model for model in _models(Frozen) if model.__module__.startswith(package)}
    for found, part in {name: schema, **schema["$defs"]}.items():
        described = _described(models[found]) if found in models else {}
        whole = next((one for one in part.get("anyOf", ()) if "properties" in one), part)
        for field, text in described.items():
            if field in whole["properties"]:
                whole["properties"][field].setdefault("description", text)
    return schema


def _models(base: type[Frozen]) -> Iterator[type[Frozen]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


def _described(model: type[Frozen]) -> dict[str, str]:
    """Return the texts below a model's fields, those of its bases included."""
    texts: dict[str, str] = {}
    for part in reversed(model.__mro__):
        if issubclass(part, Frozen) and part is not Frozen:
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(part))).body
            assert isinstance(definition, ast.ClassDef)
            for field, below in pairwise(definition.body):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(below, ast.Expr)
                    and isinstance(below.value, ast.Constant)
                ):
                    texts[field.target.id] = inspect.cleandoc(str(below.value.value))
    return texts
