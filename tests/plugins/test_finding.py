"""Finding plugins: who wins, who is in conflict, and what is said about a plugin that cannot be used."""

import os
import sys
from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.plugins import find, folders, sources, suggest

KINDS = (".yaml", ".yml")


def installed(
    monkeypatch: pytest.MonkeyPatch, site: Path, name: str, target: str, files: tuple[str, ...] = ()
) -> Path:
    """Make a package look installed that brings scenarios from `target`; return its folder."""
    package = site / name.replace("-", "_")
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    for file in files:
        (package / file).write_text("{}")
    info = site / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[negosim.scenarios]\n{name} = {target}\n")
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    monkeypatch.syspath_prepend(str(site))
    return package


def on_path(monkeypatch: pytest.MonkeyPatch, *bases: Path) -> None:
    monkeypatch.setenv("NEGOSIM_PATH", os.pathsep.join(map(str, bases)))


def scenario_folder(base: Path, *files: str) -> Path:
    (base / "scenarios").mkdir(parents=True)
    for file in files:
        (base / "scenarios" / file).write_text("{}")
    return base


def test_the_search_path_comes_first_and_the_built_ins_last(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installed(monkeypatch, tmp_path / "site", "aaa-cases", "aaa_cases")
    one, two = scenario_folder(tmp_path / "one"), scenario_folder(tmp_path / "two")
    on_path(monkeypatch, two, one)
    origins = [folder.origin for folder in folders("scenarios")]
    assert origins == [f"NEGOSIM_PATH {two}", f"NEGOSIM_PATH {one}", "package aaa-cases", "package negosim"]


def test_a_folder_of_the_search_path_may_shadow_a_built_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = scenario_folder(tmp_path / "mine", "viatex.yaml")
    on_path(monkeypatch, base)
    assert find("scenarios", "viatex", KINDS).file == base / "scenarios" / "viatex.yaml"
    assert sources("scenarios", KINDS)["west-wind"].origin == "package negosim"


def test_a_folder_without_the_kind_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    on_path(monkeypatch, scenario_folder(tmp_path / "mine"))
    assert [folder.origin for folder in folders("taxonomies")] == ["package negosim"]


def test_a_missing_folder_of_the_search_path_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path(monkeypatch, tmp_path / "gone")
    with pytest.raises(
        UserError, match=r"NEGOSIM_PATH: no folder '.*gone'; name existing folders, separated by ':'"
    ):
        sources("scenarios", KINDS)


def test_two_packages_with_one_id_are_in_conflict(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, tmp_path / "site", "bbb-cases", "bbb_cases", ("viatex.yaml",))
    with pytest.raises(UserError, match="'viatex' is brought by both package bbb-cases and package negosim"):
        sources("scenarios", KINDS)


def test_two_files_of_one_folder_with_one_id_are_in_conflict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path(monkeypatch, scenario_folder(tmp_path / "mine", "deal.yaml", "deal.yml"))
    with pytest.raises(UserError, match=r"deal\.yaml and deal\.yml have the same id 'deal'; rename one"):
        sources("scenarios", KINDS)


@pytest.mark.parametrize(
    "target", ["no_such_package_here", "ccc_cases:missing", "ccc_cases:__doc__", "ccc_cases.broken"]
)
def test_an_entry_point_that_cannot_be_used_names_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: str
) -> None:
    package = installed(monkeypatch, tmp_path / "site", "ccc-cases", target)
    (package / "broken.py").write_text("raise RuntimeError('out of order')")
    with pytest.raises(
        UserError, match=r"plugin 'ccc-cases' of ccc-cases cannot be used: .*repair or uninstall ccc-cases"
    ):
        sources("scenarios", KINDS)


def test_other_files_and_folders_are_no_plugins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = scenario_folder(tmp_path / "mine", "notes.md", "one.yaml", ".yaml", "two.YAML.bak")
    (base / "scenarios" / "folder.yaml").mkdir()
    on_path(monkeypatch, base)
    ours = [
        name for name, source in sources("scenarios", KINDS).items() if source.origin != "package negosim"
    ]
    assert ours == ["one"]


def test_suggestions() -> None:
    assert suggest("viatx", ["viatex", "west-wind"]) == "did you mean viatex?"
    assert suggest("zzzzz", ["viatex", "west-wind"]) == "known are viatex, west-wind"
    assert suggest("zzzzz", []) == "none are known"


@pytest.mark.parametrize("link", ["scenarios/viatex.yaml", "scenarios"])
def test_a_link_out_of_a_folder_of_the_search_path_is_not_read(
    link: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "viatex.yaml").write_text("sesame")
    base = scenario_folder(tmp_path / "mine")
    if link == "scenarios":
        (base / link).rmdir()
    (base / link).symlink_to(outside if link == "scenarios" else outside / "viatex.yaml")
    on_path(monkeypatch, base)
    with pytest.raises(UserError, match=r"viatex\.yaml: is a link to .*outside.*put the file itself there"):
        find("scenarios", "viatex", KINDS).read_text()


def test_a_link_out_of_a_folder_that_is_named_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("sesame")
    base = scenario_folder(tmp_path / "mine")
    (base / "scenarios" / "case.yaml").symlink_to(tmp_path / "secret.yaml")
    with pytest.raises(UserError, match="is a link to"):
        find("scenarios", str(base / "scenarios"), KINDS).read_text()
    # The file itself is what the user names: whatever it is.
    assert find("scenarios", str(base / "scenarios" / "case.yaml"), KINDS).read_text() == "sesame"


def test_links_within_a_folder_of_the_search_path_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base = scenario_folder(tmp_path / "mine", "one.yaml")
    (base / "scenarios" / "two.yaml").symlink_to("one.yaml")
    (tmp_path / "linked").symlink_to(base)
    on_path(monkeypatch, tmp_path / "linked")
    assert find("scenarios", "two", KINDS).read_text() == "{}"
