"""Commands that a report gives: they make what they say, under the settings of the run."""

import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest

from negosim import RunConfig, generate
from negosim.cli import main
from negosim.reports._commands import _LISTS, _SETTINGS, _generate, model_of
from negosim.reports.sections._claims import _command as checking
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


@pytest.mark.parametrize(
    ("models", "judge"),
    [
        (["policy:talk/policy", "user"], "local"),
        (["habit:0.3", "chat:skeptical:openai:x@http://127.0.0.1:1/v1"], "openai:x@http://127.0.0.1:1/v1"),
        (["imagined:openai:a b", "imagined:openai:a b"], "'openai:a b'"),
        (["sim", "openai:x?temperature=0"], "'openai:x?temperature=0'"),
        (["someone nobody knows", "human"], "local"),
    ],
)
def test_a_report_names_a_judge_that_can_judge(models: list[str], judge: str) -> None:
    run = SimpleNamespace(config=RunConfig(scenarios="viatex", models=models))
    assert model_of(SimpleNamespace(runs=[run])) == judge  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "deals", "judge"),
    [("sim", ["viatex"], "oracle"), ("sim", [], "local"), ("openai:x", ["viatex"], "openai:x")],
)
def test_claims_are_checked_by_whoever_knows_them(model: str, deals: list[str], judge: str) -> None:
    run = SimpleNamespace(config=RunConfig(scenarios="viatex", models=[model]), path="r")
    told = checking(SimpleNamespace(runs=[run], deal_ids=deals))  # type: ignore[arg-type]
    assert told == f"negosim judge r --judge-model {judge} --questions claims"
