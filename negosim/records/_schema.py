"""The JSON Schema of what is stored, with the fields' documentation."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from negosim._frozen import Frozen
from negosim.records._dialogue import Dialogue


def dialogue_schema() -> dict[str, Any]:
    """Return the JSON Schema of a line of `dialogues.jsonl`.

    Descriptions are the texts below the fields in the source. Pydantic could put them in by itself, but
    would then read the source of every model whenever negosim starts.
    """
    schema = Dialogue.model_json_schema(mode="serialization")
    here = __name__.rpartition(".")[0]
    models = {model.__name__: model for model in _models(Frozen) if model.__module__.startswith(here)}
    for name, part in {"Dialogue": schema, **schema["$defs"]}.items():
        described = _described(models[name]) if name in models else {}
        for field, text in described.items():
            part["properties"][field].setdefault("description", text)
    schema["properties"]["crc32"] = {
        "type": "string",
        "pattern": "^[0-9a-f]{8}$",
        "description": "CRC-32 of the line before the comma that this field stands behind.",
    }
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
