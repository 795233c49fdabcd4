"""The JSON Schema of scenarios takes what may be written, and refuses what has another shape."""

import json
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from negosim.records import scenario_schema
from negosim.scenarios import check_scenario, list_scenarios, load_scenario

SCHEMA = scenario_schema()


def wrong(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]


@pytest.mark.parametrize("name", list_scenarios())
def test_every_built_in_file_fits_as_written_and_as_kept(name: str) -> None:
    from importlib.resources import files

    text = files("negosim.scenarios").joinpath(f"{name}.yaml").read_text()
    assert wrong(json.loads(json.dumps(yaml.safe_load(text), default=str))) == []
    assert wrong(load_scenario(name).model_dump(mode="json", exclude_none=True)) == []


MILL = load_scenario("heron-mill").model_dump(mode="json", exclude_none=True)


@pytest.mark.parametrize(
    "change",
    [
        {"agreement": "majority"},
        {"agreement": {"at_least": 2, "includes": ["owner"]}},
        {"order": "random"},
        {"order": "chair:owner"},
        {"order": {"chair": "owner"}},
    ],
)
def test_short_forms_fit_both_the_schema_and_the_check(change: dict[str, Any]) -> None:
    assert wrong(MILL | change) == []
    assert check_scenario(MILL | change)[1] == []


@pytest.mark.parametrize(
    "change",
    [{"agreement": "some"}, {"order": "by age"}, {"order": {"chairman": "owner"}}, {"roles": {}}, {"x": 1}],
)
def test_what_has_another_shape_fits_neither(change: dict[str, Any]) -> None:
    assert wrong(MILL | change)
    assert check_scenario(MILL | change)[1]


def test_fields_are_described() -> None:
    assert "speak" in SCHEMA["properties"]["opener"]["description"]
    order = SCHEMA["$defs"]["SpeakingOrder"]["anyOf"][1]["properties"]
    assert "whom the chair names" in order["kind"]["description"]
