"""Planners that keep not to what a planner is: refused, with what is wrong and what would be right."""

from collections.abc import Callable
from typing import Any

import pytest

from negosim import RunConfig, UserError, generate, registry
from negosim.models import ScriptedModel
from negosim.planners import SPEAK, Planner, PlannerStage
from negosim.registry import planner


def stage(name: str, returned: Any = None) -> PlannerStage:
    async def run(turn: Any, participant: Any, context: Any) -> Any:
        return returned

    return PlannerStage(name, run)


def plain(turn: Any, participant: Any, context: Any) -> Any:
    return {}


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ((SPEAK, SPEAK), "twice a stage 'speak'"),
        ((stage("vote"), SPEAK), "a stage 'vote'; give each a name of its own"),
        ((PlannerStage("plain", plain), SPEAK), "stage 'plain' runs no async function; write async def"),
        ((stage("mute", {}),), "no stage returned 'speech'"),
        ((stage("empty"), SPEAK), "stage 'empty' returned None; it returns a dict of view, "),
        ((stage("odd", {"vieww": 3}), SPEAK), "stage 'odd' returned 'vieww'; it returns"),
    ],
)
def test_a_broken_planner_is_refused(
    stages: tuple[PlannerStage, ...],
    said: str,
    filling: Callable[..., ScriptedModel],
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_registered", {})
    planner("broken-of-tests")(Planner(stages, about="broken"))
    config = RunConfig(scenarios="donation", models="m", planner="broken-of-tests", max_turns=2)
    with pytest.raises(UserError) as error:
        generate(config, out=tmp_path / "run", chat_models={"m": filling()})
    assert said in str(error.value)
