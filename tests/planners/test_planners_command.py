"""`negosim planners` and what is given behind a planner's name."""

from typing import Any

import orjson
import pytest

from negosim import RunConfig, UserError
from negosim.cli import main
from negosim.engine import plan, settings_of
from negosim.registry import plugins


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["planners", *arguments])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_every_planner_is_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    listed = [orjson.loads(line) for line in printed(capsys, "list", "--json").splitlines()]
    assert [entry["name"] for entry in listed] == sorted(plugins("planners"))
    for entry in listed:
        shown: dict[str, Any] = orjson.loads(printed(capsys, "show", entry["name"], "--json"))
        assert entry["about"] == shown["about"]
        assert shown["source"], entry["name"]
        assert shown["stages"], entry["name"]
        for stage in shown["stages"]:
            assert stage["stage"] in shown["graph"]
            assert stage["does"], stage


@pytest.mark.parametrize(
    ("planner", "said"),
    [
        ("direct:k=3", "has no setting 'k'"),
        ("direct:k", "is no setting"),
        ("direct:", "is no setting"),
        ("dirct", "did you mean direct"),
    ],
)
def test_a_wrong_setting_is_refused_when_planned(planner: str, said: str) -> None:
    with pytest.raises(UserError) as error:
        plan(RunConfig(scenarios="viatex", planner=planner))
    assert said in str(error.value)


def test_a_planner_without_settings_has_none() -> None:
    assert settings_of("direct").model_dump() == {}
