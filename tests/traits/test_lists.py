"""Lists of traits: the built-in ones, one's own, and what is said of a wrong one."""

from pathlib import Path

import pytest

from negosim.cli import main
from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.traits import PARAMETERS, list_trait_lists, load_trait_list, traits_by_id

OWN = """
schema_version: 1
title: Two
source: our own
traits:
  - {id: bold, name: Bold, archetype: Nerve, opposite: shy, disposition: You dare., simulated: {negotiator: {nerve: 0.3}}}
  - {id: shy, name: Shy, archetype: Nerve, opposite: bold, disposition: You hide., tactics: {favor: 2}}
"""  # noqa: E501


def test_the_built_in_lists_are_complete() -> None:
    courtroom, five = (load_trait_list(name).traits for name in ("courtroom", "big-five"))
    assert len(courtroom) == 9
    assert len({trait.archetype for trait in courtroom}) == 4
    assert {"quantitative", "charismatic"} <= {trait.id for trait in courtroom}
    assert len(five) == 10
    assert len({trait.archetype for trait in five}) == 5
    assert all(trait.opposite for trait in five)
    # Every kind of embedded participant has something of most of them.
    for kind in PARAMETERS:
        assert sum(kind in trait.simulated for trait in (*courtroom, *five)) >= 8, kind
    assert len(traits_by_id(("courtroom", "big-five"))) == 19


def test_own_lists_are_found_by_path_and_search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "traits").mkdir()
    file = tmp_path / "traits" / "nerve.yaml"
    file.write_text(OWN)
    assert [trait.id for trait in load_trait_list(str(file)).traits] == ["bold", "shy"]
    monkeypatch.setenv("NEGOSIM_PATH", str(tmp_path))
    assert list_trait_lists().keys() == {"big-five", "courtroom", "nerve"}
    assert load_trait_list("nerve") == load_trait_list(str(file))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("opposite: bold", "opposite: brave", "no trait 'brave' in this list"),
        (", opposite: bold", "", "opposites name each other: give 'shy' the opposite 'bold'"),
        ("{nerve: 0.3}", "{nerves: 0.3}", "a negotiator has no 'nerves'; did you mean nerve"),
        ("{nerve: 0.3}", "{nerve: 3}", "lies between -1 and 1 and is not 0"),
        ("{negotiator:", "{negotiators:", "no kind of participant 'negotiators'"),
        (", tactics: {favor: 2}", "", "give 'simulated' or 'tactics'"),
        ("tactics: {favor: 2}", "tactics: {favor: 0}", "greater than 0"),
        ("id: shy", "id: bold", "'bold' is used twice"),
        ("id: shy", "id: none", "means something else"),
        ("id: shy", "id: 2-of-us", "means something else"),
        ("disposition: You hide.", "dispositoin: You hide.", "dispositoin"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "nerve.yaml"
    assert old in OWN
    file.write_text(OWN.replace(old, new))
    with pytest.raises(PluginError) as error:
        load_trait_list(str(file))
    assert said in str(error.value)
    assert "line" in str(error.value)


def test_a_trait_of_two_lists_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(OWN.replace("id: bold", "id: calm").replace("opposite: bold", "opposite: calm"))
    with pytest.raises(UserError, match="trait 'calm' is in both"):
        traits_by_id(("big-five", str(file)))


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "nerve.yaml"
    file.write_text(OWN)
    for arguments, code, said in (
        (["list"], 0, "courtroom"),
        (["show", "courtroom"], 0, "negotiator: careless -0.4"),
        (["show", str(file), "--json"], 0, '"opposite": "shy"'),
        (["validate", str(file), "big-five"], 0, "ok: 2 traits"),
        (["validate", "nothing"], 2, "no list of traits 'nothing'"),
    ):
        with pytest.raises(SystemExit) as left:
            main(["traits", *arguments])
        printed = capsys.readouterr()
        assert left.value.code == code
        assert said in printed.out + printed.err
