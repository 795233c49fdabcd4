"""The base of everything that crosses a border: immutable and strict about unknown fields."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic_core import CoreSchema


def empty(given: object) -> bool:
    """Tell whether a field holds nothing; with `Field(exclude_if=empty)` it is then not written."""
    return not given


def unset(given: object) -> bool:
    """Tell whether a field is None; with `Field(exclude_if=unset)` it is then not written."""
    return given is None


class Frozen(BaseModel):
    """A pydantic model that cannot be changed and refuses fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    short_form: ClassVar[dict[str, Any] | None] = None
    """What may stand for it in a file, as JSON Schema, where a validator of the class takes that."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe what a file may contain: the fields, or the short form."""
        whole = handler(core_schema)
        if cls.short_form is None or handler.mode != "validation":
            return whole
        return {"anyOf": [cls.short_form, whole]}
