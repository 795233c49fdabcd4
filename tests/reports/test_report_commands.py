"""Commands that a report gives: they make what they say, under the settings of the run."""

import shlex
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.cli import main
from negosim.reports._commands import _LISTS, _SETTINGS, _generate
from negosim.store import Run

CONFIG = RunConfig(
    scenarios=("viatex", "rose-lane"),
    conditions=["honest", "deceptive-2"],
    seed=4,
    planner="rollout",
    k=2,
    calls="combined",
    votes="always",
    objective="own",
    judge_view="oracle",
    judge_form="compare",
    max_turns=1,
    opener="2",
    order="random",
    tactics="persuasion",
    judge_model="sim",
    traits=["1=calm", "2=draw:open*2/none"],
    trait_lists=["big-five"],
    primary=("agreed", "turns"),
)


def test_the_command_for_the_same_run_makes_the_same_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = generate(CONFIG, out="run")
    command = shlex.split(_generate(run, "--out again"))
    assert command[0] == "negosim"
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    again = Run.open("again")
    assert again.config == run.config
    assert [dialogue.turns for dialogue in again] == [dialogue.turns for dialogue in run]


def test_every_setting_of_a_run_has_its_option() -> None:
    always = {"scenarios", "dialogues", "conditions", "seed", "models", "swap_roles", "planner"}
    no_matter = {"concurrency"}
    assert {*always, *no_matter, *_SETTINGS, *_LISTS} == set(RunConfig.model_fields)
