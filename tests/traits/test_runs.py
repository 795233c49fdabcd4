"""Traits in a run: chosen, drawn, swept; in prompts and numbers; recorded and reported; never the other's."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from negosim import RunConfig, UserError, generate, resume
from negosim.agents.sim.persona import persona_of
from negosim.agents.users import sim_user
from negosim.cli import main
from negosim.engine._plan import resolve
from negosim.measures import dialogue_rows
from negosim.scenarios import load_scenario
from negosim.seeding import Seed
from negosim.terminal import lens_of
from negosim.terminal.plain import header_lines
from negosim.traits import favour, load_trait_list, read_choice, shifted
from negosim.web.dialogue import role_views

COURTROOM = {trait.id: trait for trait in load_trait_list("courtroom").traits}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1", "write ROLE=TRAIT"),
        ("1=", "write ROLE=TRAIT"),
        ("1=often:calm", "write ROLE=TRAIT"),
        ("1=calm/anxious", "write draw: or sweep:"),
        ("1=sweep:calm*2/anxious", "goes with draw:"),
        ("1=draw:calm*0", "no weight"),
        ("1=draw:calm*x", "no weight"),
        ("1=calm,,open", "write traits with commas"),
        ("1=calm,none", "write traits with commas"),
        ("1=calm,calm", "names a trait twice"),
        ("1=2-of-courtroom", "behind draw: or sweep:"),
        ("1=sweep:calm,2-of-courtroom", "stands alone"),
        (["1=calm", "1=open"], "given traits twice"),
    ],
)
def test_a_choice_that_is_written_wrongly_is_refused(given: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RunConfig(scenarios="viatex", traits=given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1=calmly", "no trait 'calmly'; did you mean calm"),
        ("3=calm", "no role of 'viatex'"),
        ("1=calm,anxious", "opposites"),
        ("1=draw:2-of-nothing", "no list of traits 'nothing'"),
        ("1=draw:99-of-courtroom", "has no 99 traits"),
        (["all=calm", "1=open"], "given twice"),
    ],
)
def test_what_is_not_there_is_said_when_planned(given: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        resolve(RunConfig(scenarios="viatex", traits=given))


def traits_of(given: Any, **settings: Any) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    planned = resolve(RunConfig(scenarios="viatex", traits=given, **settings))
    return [(job.id, job.traits) for job in planned.jobs]


def test_given_traits_are_those_of_every_dialogue() -> None:
    roles = list(load_scenario("viatex").role_index)
    given = {1: ["quantitative", "charismatic"], roles[1]: "calm"}
    assert {traits for _, traits in traits_of(given, dialogues=2)} == {
        (("quantitative", "charismatic"), ("calm",))
    }


def test_drawn_traits_follow_their_weights_and_are_the_same_in_a_matched_pair() -> None:
    drawn = traits_of("1=draw:calm*3/none", dialogues=400, conditions=["honest", "deceptive-2"])
    by_index = [traits for _, traits in drawn]
    assert by_index[::2] == by_index[1::2]
    assert 265 < Counter(by_index[::2])[("calm",), ()] < 335
    assert traits_of("1=draw:calm*3/none", dialogues=9) == traits_of("1=draw:calm*3/none", dialogues=9)
    assert traits_of("all=draw:calm/none", dialogues=9, seed=1) != traits_of(
        "all=draw:calm/none", dialogues=9
    )


def test_a_sweep_plays_every_combination_with_ids_of_its_own() -> None:
    swept = traits_of(["1=sweep:3-of-courtroom", "2=sweep:calm/none"])
    assert len(swept) == len(dict(swept)) == 84 * 2
    assert len({traits for _, traits in swept}) == 84 * 2
    # Of each factor one end: ten single ends, less the five pairs of opposites.
    assert len(traits_of("1=sweep:2-of-big-five")) == 40


def test_numbers_are_moved_together_and_kept_within_limits() -> None:
    seed, traits = Seed(3, "viatex", 0), [COURTROOM["assertive"], COURTROOM["relentless"]]
    plain, moved = persona_of(seed, 0), persona_of(seed, 0, traits)
    assert moved.exponent == pytest.approx(max(0.2, plain.exponent - 0.6))
    assert moved.floor == pytest.approx(min(0.9, plain.floor + 0.18))
    assert moved.opening <= 1
    assert replace(moved, taste=0).voice == plain.voice
    assert shifted(traits, "negotiator", {"exponent": 0.3}) == {"exponent": 0.2}
    # By id and by family, multiplied.
    assert favour([COURTROOM["quantitative"]], "storytelling", "emotion") == 0.4
    assert favour(traits, "anchoring", "cognition") == 2


def test_users_are_moved_from_the_person_that_is_drawn() -> None:
    plain = sim_user("donation", "caring", 4).mind
    moved = sim_user("donation", "caring", 4, [COURTROOM["sceptical"]]).mind
    assert moved.trust == pytest.approx(plain.trust - 0.15)  # type: ignore[attr-defined]
    assert moved.persona.threshold == pytest.approx(plain.persona.threshold + 0.05)  # type: ignore[attr-defined]
    assert moved.objections == plain.objections  # type: ignore[attr-defined]


def test_what_a_run_was_given_is_in_its_fingerprint(tmp_path: Path) -> None:
    own = tmp_path / "nerve.yaml"
    text = """{schema_version: 1, title: One, source: own, traits: [{id: bold, name: Bold, archetype: Nerve,
      disposition: You dare., simulated: {negotiator: {nerve: 0.3}}}]}"""
    own.write_text(text)
    config = RunConfig(scenarios="viatex", traits="2=bold", trait_lists=str(own), max_turns=4)
    run = generate(config, out=tmp_path / "run")
    assert run.header.fingerprint.traits.keys() == {"bold"}
    assert run.header.traits["bold"].disposition == "You dare."
    own.write_text(text.replace("0.3", "0.4"))
    with pytest.raises(UserError, match=r"traits\.bold: was"):
        resume(tmp_path / "run")
    own.write_text(text)
    resume(tmp_path / "run")


def test_without_traits_nothing_of_them_is_stored(tmp_path: Path) -> None:
    generate(RunConfig(scenarios="viatex", max_turns=2), out=tmp_path / "run")
    assert b"trait" not in (tmp_path / "run" / "run.json").read_bytes()
    assert b"trait" not in b"".join(file.read_bytes() for file in (tmp_path / "run").glob("dialogues*"))


def test_rows_and_report_tell_traits_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = RunConfig(
        scenarios="viatex", traits="1=sweep:conciliatory/assertive", dialogues=2, planner="direct"
    )
    rows = dialogue_rows(generate(config, out=tmp_path / "run"))
    assert rows["traits_1"].value_counts().to_dict() == {"conciliatory": 2, "assertive": 2}
    assert rows["trait_1_assertive"].sum() == 2
    with pytest.raises(SystemExit):
        main(["report", str(tmp_path / "run")])
    assert "assertive" in capsys.readouterr().out


def test_a_trait_that_changes_nothing_is_named(caplog: pytest.LogCaptureFixture) -> None:
    resolve(RunConfig(scenarios="support", traits={1: "relentless", 2: "relentless"}))
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "'relentless' changes nothing of Jo" in text]
    assert read_choice("all=calm").role == "all"


def test_a_tactic_that_a_trait_misspells_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trait = (
        "- {id: bold, name: Bold, archetype: A, disposition: You dare., tactics: {anchorin: 2, anchoring: 2}}"
    )
    (tmp_path / "nerve.yaml").write_text(f"schema_version: 1\ntitle: N\nsource: own\ntraits:\n  {trait}\n")
    resolve(RunConfig(scenarios="viatex", traits={1: "bold"}, trait_lists=str(tmp_path / "nerve.yaml")))
    said = [record.getMessage() for record in caplog.records if "favours" in record.getMessage()]
    assert len(said) == 1
    assert "'bold' favours 'anchorin'" in said[0]
    assert "did you mean anchoring" in said[0]
    caplog.clear()
    resolve(RunConfig(scenarios=["viatex", "support"], traits={1: ["relentless", "open"]}))
    assert not [record for record in caplog.records if "favours" in record.getMessage()]


def test_traits_are_shown_with_the_role_to_those_who_see_its_side(tmp_path: Path) -> None:
    settings = RunConfig(scenarios="viatex", max_turns=1, traits=["1=calm,open", "2=methodical"])
    (dialogue,) = generate(settings, out=tmp_path / "run")
    scenario, conditions = load_scenario("viatex"), (dialogue.condition, dialogue.opener, dialogue.models)
    for view, shown in {
        "all": ("traits: calm, open)", "traits: methodical)"),
        "1": ("traits: calm, open)",),
        "2": ("traits: methodical)",),
        "public": (),
    }.items():
        lens = lens_of(view, scenario)
        lines = "\n".join(header_lines(scenario, *conditions, lens, dialogue.id, dialogue.traits))
        assert (lines.count("traits:"), *(text in lines for text in shown)) == (
            len(shown),
            *[True] * len(shown),
        )
        roles = role_views(scenario, dialogue.condition, dialogue.models, lens, dialogue.traits)
        assert [role.traits for role in roles] == [
            "calm, open" if "calm" in lines else "",
            "methodical" if "methodical" in lines else "",
        ]
