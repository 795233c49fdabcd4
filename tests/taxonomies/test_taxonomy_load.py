"""Loading taxonomies: JSON and JSONL, every problem at once, never anything but a clean refusal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.errors import UserError
from negosim.plugins import PluginError
from negosim.taxonomies import list_taxonomies, load_taxonomy
from negosim.taxonomies._load import _parse


def tactic(**changes: Any) -> dict[str, Any]:
    return {
        "id": "nudge",
        "name": "Nudge",
        "definition": "A push so small that it is hardly felt.",
        "family": "cognition",
        "deceptive": False,
        "example": "You could simply leave it as it is.",
        **changes,
    }


SHOVE = tactic(id="shove", name="Shove")


def jsonl(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def refusal(text: str, name: str) -> list[str]:
    with pytest.raises(PluginError) as caught:
        _parse(text, name, "mine")
    return [str(problem) for problem in caught.value.problems]


def test_both_forms_give_the_same_tactics(tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text(jsonl(tactic(), SHOVE))
    (tmp_path / "whole.json").write_text(
        json.dumps({"sources": ["A Book (2001)."], "tactics": [tactic(), SHOVE]})
    )
    lines, whole = load_taxonomy(str(tmp_path / "lines.jsonl")), load_taxonomy(str(tmp_path / "whole.json"))
    assert lines.tactics == whole.tactics
    assert [tactic.id for tactic in lines.tactics] == ["nudge", "shove"]
    assert (lines.id, whole.id) == ("lines", "whole")
    assert (lines.sources, whole.sources) == ((), ("A Book (2001).",))


def test_a_tactic_is_found_by_id_and_by_name() -> None:
    taxonomy = load_taxonomy("persuasion")
    assert (
        taxonomy.get("foot-in-the-door")
        is taxonomy.get(" Foot-In-The-Door ")
        is taxonomy.by_id["foot-in-the-door"]
    )
    assert taxonomy.get("social proof").id == "social-proof"
    with pytest.raises(UserError, match=r"has no tactic 'threat'; did you mean threats"):
        taxonomy.get("threat")


def test_honest_agents_get_the_ethical_tactics_only() -> None:
    taxonomy = load_taxonomy("persuasion")
    assert taxonomy.usable(deceptive=True) == taxonomy
    honest = taxonomy.usable(deceptive=False).tactics
    assert len(honest) == 25
    assert not any(tactic.deceptive for tactic in honest)


def test_every_problem_of_a_jsonl_file_has_its_line() -> None:
    text = jsonl(tactic(), tactic(id="Big Nudge", name="Other"), tactic(definition="", colour="red"))
    text += '\n{"id": }\n["list"]\n' + jsonl(tactic()) + '{"id": "x", "id": "y"}\n'
    assert refusal(text, "mine.jsonl") == [
        "line 2: id: use lower-case letters, digits and single hyphens, as in 'unit-price', not 'Big Nudge'",
        "line 3: colour: unknown field; check its spelling or remove it",
        "line 3: definition: must not be empty",
        "line 5: not valid JSON: Expecting value (column 8)",
        "line 6: Input should be a valid dictionary or instance of Tactic",
        "line 7: id: 'nudge' is used twice; ids must differ",
        "line 7: name: 'Nudge' is used twice; names must differ",
        "line 8: id: given twice; keep one",
    ]


def test_every_problem_of_a_json_file_has_its_field() -> None:
    data = {
        "sources": ["", 7],
        "kind": "x",
        "tactics": [tactic(deceptive="perhaps"), 3, SHOVE, tactic(id="shove")],
    }
    assert refusal(json.dumps(data), "mine.json") == [
        "kind: unknown field; check its spelling or remove it",
        "sources.1: must not be empty",
        "sources.2: must be text; put it in quotes: '7'",
        "tactics.1.deceptive: Input should be a valid boolean, unable to interpret input, not 'perhaps'",
        "tactics.2: Input should be a valid dictionary or instance of Tactic, not 3",
        "tactics.4.id: 'shove' is used twice; ids must differ",
    ]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("", "mine.jsonl", "no tactics; give at least one"),
        ('{"tactics": []}', "mine.json", "no tactics; give at least one"),
        ("[]", "mine.json", 'a JSON taxonomy is {"sources": [...], "tactics": [...]}, not []'),
        ('{"tactics": {}}', "mine.json", 'a JSON taxonomy is {"sources": [...], "tactics": [...]}'),
        ('{\n"tactics": [}', "mine.json", "line 2: not valid JSON: Expecting value (column 13)"),
    ],
)
def test_what_is_no_taxonomy_is_refused(text: str, name: str, expected: str) -> None:
    assert expected in refusal(text, name)[0]


def test_line_separators_within_text_do_not_end_a_line() -> None:
    row = json.dumps(tactic(example="One\u2028two\x85three."), ensure_ascii=False)
    assert _parse(row + "\r\n", "mine.jsonl", "mine").tactics[0].example == "One\u2028two\x85three."


def broken_rows() -> Iterator[st.SearchStrategy[Any]]:
    yield st.dictionaries(
        st.sampled_from(sorted(tactic())) | st.text(max_size=4), st.text(max_size=4) | st.none()
    )
    yield st.lists(st.integers(), max_size=2)
    yield st.text(max_size=10)
    yield st.sampled_from([tactic(), SHOVE])


@given(
    st.lists(st.one_of(*broken_rows()), max_size=4),
    st.sampled_from(["mine.json", "mine.jsonl"]),
    st.text(max_size=9),
)
def test_any_content_is_a_taxonomy_or_refused(rows: list[Any], name: str, tail: str) -> None:
    text = (jsonl(*rows) if name.endswith("l") else json.dumps({"tactics": rows})) + tail
    try:
        taxonomy = _parse(text, name, "mine")
    except PluginError:
        assert rows not in ([tactic()], [SHOVE]) or tail.strip()
    else:
        assert [t.model_dump(exclude={"source"}) for t in taxonomy.tactics] == rows


def test_the_built_in_taxonomies_are_listed() -> None:
    assert list(list_taxonomies()) == [
        "deception",
        "emotional-support",
        "persuasion",
        "persuasion-for-good",
    ]
