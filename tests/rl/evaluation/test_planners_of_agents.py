"""Agents of one evaluation that think by planners of their own."""

from pathlib import Path

import pytest

from negosim import UserError
from negosim.rl.evaluation import evaluate


async def test_each_agent_thinks_by_the_planner_named_with_it(tmp_path: Path) -> None:
    agents = ["habit:0", "habit:0 with gdp-zero:n=2,probes=1", "habit:0 with audience:audiences=1"]
    made = await evaluate(agents, "donation", dialogues=2, out=tmp_path / "runs")
    assert {name: runs[0].config.planner for name, runs in made.runs.items()} == {
        "habit:0": "direct", agents[1]: "gdp-zero:n=2,probes=1", agents[2]: "audience:audiences=1",
    }  # fmt: skip
    assert [result.reward.n for result in made.evaluation.results] == [2, 2, 2]
    searched, compared = (next(iter(made.runs[name][0])).turns[0] for name in agents[1:])
    assert searched.rollouts
    assert searched.rollouts[0].reason.startswith("visits")
    assert compared.rollouts
    assert compared.rollouts[0].reason.startswith("weight")


@pytest.mark.parametrize(
    ("agents", "said"),
    [
        (["habit:0 with gdp"], "no planner 'gdp'"),
        (["habit:0 with gdp-zero:m=2"], "has no setting 'm'"),
        (["data:x with procot"], "no planner made them"),
        (["habit:0 with direct", "habit:0.0 with direct"], "same agent"),
    ],
)
async def test_what_cannot_be_is_said_before_anything_is_played(agents: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        await evaluate(agents, "donation", dialogues=1)
