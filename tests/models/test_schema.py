from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from negosim.models._schema import answer_schema, portable, schema_name


class Offer(BaseModel):
    price: Annotated[int, Field(ge=0, le=100)] | None = None
    colour: Literal["red", "blue"]


class Speech(BaseModel):
    """What is said."""

    text: Annotated[str, Field(min_length=1, max_length=90, pattern="^[A-Z]")]
    offer: Offer | None = Field(default=None, description="None: no offer.")
    second: Offer
    tactics: Annotated[list[Literal["a", "b"]], Field(min_length=2, max_length=2)]


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for part in schema for found in objects(part)]
    if not isinstance(schema, dict):
        return []
    own = [schema] if schema.get("type") == "object" else []
    return own + [found for part in schema.values() for found in objects(part)]


def keys(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(keys, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema).union(*(keys(part) for part in schema.values()))


def test_every_object_is_closed_and_all_its_fields_required():
    found = objects(answer_schema(Speech))
    assert len(found) == 3
    for part in found:
        assert part["required"] == list(part["properties"])
        assert part["additionalProperties"] is False


def test_nothing_is_left_that_servers_reject():
    assert not keys(answer_schema(Speech)) & {
        "$ref",
        "$defs",
        "pattern",
        "default",
        "title",
        "oneOf",
        "allOf",
    }
    offer = answer_schema(Speech)["properties"]["offer"]
    assert offer["description"] == "None: no offer."
    assert [part["type"] for part in offer["anyOf"]] == ["object", "null"]


def test_bounds_are_kept_for_servers_that_enforce_them_and_left_out_of_the_portable_form():
    assert answer_schema(Speech)["properties"]["text"]["maxLength"] == 90
    bounds = {"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum"}
    assert bounds <= keys(answer_schema(Speech))
    slim = portable(answer_schema(Speech))
    assert not bounds & keys(slim)
    assert [part["required"] for part in objects(slim)] == [
        part["required"] for part in objects(answer_schema(Speech))
    ]


def test_a_field_named_like_a_keyword_stays():
    answer = create_model("Answer", title=(str, ...), maximum=(int, ...), default=(bool, ...))
    schema = answer_schema(answer)
    assert list(schema["properties"]) == ["title", "maximum", "default"]
    assert list(portable(schema)["properties"]) == ["title", "maximum", "default"]


def test_fields_keep_their_order_so_that_thought_comes_before_score():
    assert list(answer_schema(Speech)["properties"]) == ["text", "offer", "second", "tactics"]


class Tree(BaseModel):
    children: list["Tree"]


class Free(BaseModel):
    offer: dict[str, int]


class Pair(BaseModel):
    both: tuple[int, str]


@pytest.mark.parametrize(
    ("answer", "says"), [(Tree, "holds itself"), (Free, "Free.offer.*named fields"), (Pair, "fixed length")]
)
def test_what_no_server_can_be_held_to_is_a_mistake_of_the_programmer(answer, says):
    with pytest.raises(TypeError, match=says):
        answer_schema(answer)


def test_a_schema_name_has_only_allowed_characters():
    assert schema_name(create_model("Offer[camp-lemonnier, 2]")) == "Offer_camp-lemonnier__2_"
