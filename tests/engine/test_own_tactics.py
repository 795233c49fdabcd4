"""A scenario names the taxonomy that its tactics come from; a run may name another."""

from importlib.resources import files
from pathlib import Path

import pytest

from negosim import RunConfig, generate
from negosim.engine._plan import resolve
from negosim.errors import UserError
from negosim.judging._questionnaires import questionnaires, taxonomies_of
from negosim.store import Run

OWN = {"donation": "persuasion-for-good", "support": "emotional-support", "viatex": "persuasion"}


def test_each_scenario_of_a_run_has_its_own_tactics(tmp_path: Path) -> None:
    config = RunConfig(scenarios=tuple(OWN), planner="direct", max_turns=2)
    plan = resolve(config)
    assert {job.scenario: plan.side(job, 0).tactics.id for job in plan.jobs} == OWN
    run = generate(config, out=tmp_path / "r")
    assert run.header.fingerprint.taxonomies.keys() == {*OWN.values(), "deception"}
    (tactic,) = questionnaires(["tactic"], run, taxonomies_of(run))
    asked = {name: dict(tactic.content(run.scenario(name))["tactics"]) for name in OWN}
    for tactic_id, where in [
        ("self-modeling", "donation"),
        ("self-disclosure", "support"),
        ("anchoring", "viatex"),
    ]:
        assert [name for name in OWN if tactic_id in asked[name]] == [where]


def test_a_run_may_name_another_and_old_runs_have_named_it(tmp_path: Path) -> None:
    config = RunConfig.model_validate(
        {"scenarios": ["donation"], "tactics": "persuasion", "planner": "direct"}
    )
    run = Run.open(generate(config, out=tmp_path / "r").path)
    assert [each.id for each in taxonomies_of(run)["donation"]] == ["persuasion", "deception"]


def test_an_unknown_taxonomy_is_named_before_anything_is_written(tmp_path: Path) -> None:
    text = files("negosim.scenarios").joinpath("donation.yaml").read_text(encoding="utf-8")
    file = tmp_path / "donation.yaml"
    file.write_text(text.replace("persuasion-for-good", "persuasion-for-goods"), encoding="utf-8")
    with pytest.raises(UserError, match="persuasion-for-good"):
        generate(RunConfig(scenarios=str(file), planner="direct"), out=tmp_path / "r")
    assert not (tmp_path / "r").exists()
