"""Loading scenarios by id, path and folder."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.scenarios import list_scenarios, load_scenario
from negosim.scenarios._load import _parse


def write(folder: Path, data: Any, name: str = "bike.yaml") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(data if isinstance(data, str) else yaml.safe_dump(data), encoding="utf-8")
    return file


def test_a_path_gives_the_scenario_in_the_file(tmp_path: Path, bike: dict[str, Any]) -> None:
    assert load_scenario(str(write(tmp_path, bike))).title == "A used bicycle"


def test_a_folder_with_one_scenario_stands_for_it(tmp_path: Path, bike: dict[str, Any]) -> None:
    folder = write(tmp_path / "mine", bike).parent
    (folder / "notes.md").write_text("Notes.")
    assert load_scenario(str(folder)).id == "bike"
    write(folder, bike, "car.yaml")
    with pytest.raises(UserError, match=r"has bike\.yaml, car\.yaml; name one of them"):
        load_scenario(str(folder))


def test_a_folder_without_a_scenario_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no \.yaml or \.yml file"):
        load_scenario(str(tmp_path))


def test_the_nearest_ids_are_suggested() -> None:
    with pytest.raises(UserError, match=r"no scenario 'viatec'; did you mean viatex"):
        load_scenario("viatec")


def test_all_ids_are_named_where_none_is_near() -> None:
    with pytest.raises(UserError, match=r"no scenario 'qqq'; known are camp-lemonnier, .*west-wind"):
        load_scenario("qqq")


@pytest.mark.parametrize(
    "reference", ["missing.yaml", "./missing", "~nobody/x.yaml", "a/" + "x" * 5000, "a/\0"]
)
def test_a_path_that_is_not_there_says_so(reference: str) -> None:
    with pytest.raises(UserError, match=r"no file .*; give the path of a \.yaml or \.yml file"):
        load_scenario(reference)


def test_the_id_is_the_name_of_the_file(tmp_path: Path, bike: dict[str, Any]) -> None:
    with pytest.raises(
        PluginError, match="line 2: id: 'bike' differs from the file's name 'car'; make them the same"
    ):
        load_scenario(
            str(
                write(
                    tmp_path,
                    "# A car?\n" + yaml.safe_dump({"id": bike.pop("id"), **bike}, sort_keys=False),
                    "car.yaml",
                )
            )
        )


def test_problems_come_with_file_and_line(tmp_path: Path, bike: dict[str, Any]) -> None:
    text = yaml.safe_dump(bike, sort_keys=False).replace("reservation: 20", "reservation: twenty")
    line = text.splitlines().index("    reservation: twenty") + 1
    file = write(tmp_path, text)
    with pytest.raises(PluginError) as caught:
        load_scenario(str(file))
    assert str(caught.value) == (
        f"{file}: 1 problem\n  line {line}: roles.1.payoff.reservation: "
        "Input should be a valid number, unable to parse string as a number, not 'twenty'"
    )


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "bike.yaml"
    file.write_bytes("title: Fahrradgeschäft".encode("latin-1"))
    with pytest.raises(UserError, match=r"bike\.yaml: not UTF-8 text \(byte 19\); save it as UTF-8"):
        load_scenario(str(file))


def test_a_byte_order_mark_is_no_fault(tmp_path: Path, bike: dict[str, Any]) -> None:
    file = tmp_path / "bike.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + yaml.safe_dump(bike).encode())
    assert load_scenario(str(file)).id == "bike"


def test_options_named_yes_and_no_need_no_quotes(tmp_path: Path, bike: dict[str, Any]) -> None:
    text = (
        yaml.safe_dump(bike).replace("pick-up", "yes").replace("id: bring", "id: no").replace("bring:", "no:")
    )
    scenario = load_scenario(str(write(tmp_path, text.replace("'yes'", "yes").replace("'no'", "no"))))
    assert scenario.issues[1].values == ("yes", "no")


def test_every_listed_scenario_says_who_brought_it() -> None:
    assert {source.origin for source in list_scenarios().values()} == {"package negosim"}


@given(st.text(max_size=80) | st.text(alphabet="issuerol: -[]{}\n'\"#&*!|>", max_size=80))
def test_any_text_is_refused_cleanly(text: str) -> None:
    with pytest.raises(PluginError):
        _parse(text, "any.yaml", "any")
