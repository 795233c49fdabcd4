"""The configuration: what a person may write, what is kept of it, what is refused."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from negosim import Condition, ModelSpec, RunConfig
from negosim.scenarios import list_scenarios

SIM = ModelSpec.parse("sim")


def test_one_thing_may_stand_for_several() -> None:
    alone = RunConfig(scenarios="viatex", conditions="deceptive-2", models="sim")
    listed = RunConfig(scenarios=["viatex"], conditions=["deceptive-2"], models=["sim"])
    built = RunConfig(
        scenarios=("viatex",), conditions=Condition(deceptive=(1,)), models=ModelSpec.parse("sim")
    )
    assert alone == listed == built


def test_all_is_every_scenario_once() -> None:
    assert RunConfig(scenarios="all").scenarios == tuple(list_scenarios())
    named = RunConfig(scenarios=["viatex", "all"]).scenarios
    assert named[0] == "viatex"
    assert sorted(named) == sorted(list_scenarios())


def test_settings_of_a_model_are_kept_in_its_name() -> None:
    config = RunConfig(scenarios="viatex", models=ModelSpec.parse("openai:gpt-4o-mini?temperature=0.2"))
    assert config.models == ("openai:gpt-4o-mini?temperature=0.2",)


def test_folders_may_be_paths(tmp_path: Path) -> None:
    assert RunConfig(scenarios="viatex", prompts=tmp_path).prompts == str(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("conditions", "deceptive"),
        ("conditions", ["honest-1"]),
        ("models", []),
        ("scenarios", []),
        ("bugdet", 3),
    ],
)
def test_what_does_not_fit_is_named(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        RunConfig(**{"scenarios": "viatex", field: value})  # type: ignore[arg-type]


def test_every_field_is_described_in_the_schema() -> None:
    fields = RunConfig.model_json_schema()["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_what_is_stored_is_read_back() -> None:
    config = RunConfig(scenarios="viatex", conditions=["honest", "deceptive-1-2"])
    assert RunConfig.model_validate_json(json.dumps(config.model_dump(mode="json"))) == config
