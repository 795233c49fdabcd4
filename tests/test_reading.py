"""Reading YAML and JSON: plain data with lines, or a clean refusal, whatever the text."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from negosim.plugins import PluginError, Problem, read_json, read_yaml, shown, with_lines


def refusal(text: str) -> str:
    with pytest.raises(PluginError) as caught:
        read_yaml(text, "file.yaml")
    return str(caught.value)


def test_data_and_the_line_of_every_place() -> None:
    data, lines = read_yaml("a: 1\nb:\n  - x\n  - {c: 2.5}\n", "file.yaml")
    assert data == {"a": 1, "b": ["x", {"c": 2.5}]}
    assert lines == {(): 1, ("a",): 1, ("b",): 2, ("b", 0): 3, ("b", 1): 4, ("b", 1, "c"): 4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("2026-01-31", "2026-01-31"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0o17", "0o17"),
        ("007", 7),
        ("-3", -3),
        ("+.5", 0.5),
        ("1e3", 1000.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ("~", None),
        ("", None),
        ("-.inf", float("-inf")),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_are_read_as_yaml_1_2_reads_them(text: str, expected: object) -> None:
    data, _ = read_yaml(f"key: {text}", "file.yaml")
    assert data == {"key": expected}
    assert type(data["key"]) is type(expected)


def test_keys_are_text_as_written() -> None:
    data, _ = read_yaml("{yes: 1, 2: 2, 2.50: 3, null: 4, true: 5}", "file.yaml")
    assert data == {"yes": 1, "2": 2, "2.50": 3, "null": 4, "true": 5}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_has_no_data(text: str) -> None:
    assert read_yaml(text, "file.yaml")[0] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: a: given twice; keep one"),
        ("a:\n  - {b: 1, b: 2}\n", "line 2: a.1.b: given twice; keep one"),
        ("a: &x 1\nb: *x\n", "line 2: b: aliases (*x) are not supported; write the content out"),
        ("a: {<<: *x}\n", "line 1: a.<<: aliases (*x) are not supported; write the content out"),
        ("a: 1\nb: !!int 'x'\n", "line 2: b: tags (tag:yaml.org,2002:int) are not supported; remove it"),
        ("a: !!python/object:os.system x\n", "are not supported; remove it"),
        ("a: 1\n? [b]\n: 2\n", "line 2: a key must be plain text, not a list, a mapping or an alias"),
        ("a: 1\n---\nb: 2\n", "line 3: a second document begins here; a file has one, so remove '---'"),
        ("a: [1, 2\n", "line 2: not valid YAML: did not find expected ',' or ']'"),
        ("a: 1\n\tb: 2\n", "line 2: not valid YAML: found a tab character that violates indentation"),
        ("a: b: c\n", "line 1: not valid YAML: mapping values are not allowed in this context"),
        ("a: 1\nb: \x00\n", "line 2: not valid YAML: control characters are not allowed"),
        ("a: " + "9" * 5000, "line 1: a: a number of 5000 characters; put it in quotes if it is text"),
        ("[" * 5000, "line 1: nested more than 32 levels deep"),
        ("- " * 5000, "line 1: nested more than 32 levels deep"),
    ],
)
def test_what_is_refused_is_told_with_its_line(text: str, expected: str) -> None:
    assert expected in refusal(text)


def test_all_refusals_of_a_file_come_together() -> None:
    text = refusal("a: &x 1\na: *x\nb: !t 2\n")
    assert text.splitlines()[0] == "file.yaml: 3 problems"


def test_a_small_file_cannot_unfold_into_a_huge_one() -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 30))
    begun = time.process_time()
    assert "aliases (*l1) are not supported" in refusal(f"l0: &l0 x\n{levels}\n")
    assert time.process_time() - begun < 1


yaml_like = st.text(alphabet="ab12 :-[]{},\n\t'\"#&*!|>?%@`.~<=", max_size=60)


@given(st.text(max_size=60) | yaml_like)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(PluginError):
        data, lines = read_yaml(text, "file.yaml")
        written = json.dumps(data)
        assert json.dumps(json.loads(written)) == written
        assert all(1 <= line <= len(text) + 1 for line in lines.values())


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_what_a_yaml_writer_wrote_is_read_back(data: Any) -> None:
    class Writer(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    # PyYAML leaves some text unquoted that is a number to YAML 1.2, such as 0E0.
    Writer.add_representer(
        str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    )
    assert read_yaml(yaml.dump(data, Dumper=Writer, allow_unicode=True), "file.yaml")[0] == data


@given(plain)
def test_json_is_read_as_json(data: Any) -> None:
    assert read_json(json.dumps(data)) == (data, [])


@given(st.text(max_size=60) | st.text(alphabet='{}[]",:0123456789.eE-+ \\untrfalse', max_size=60))
def test_any_text_is_json_or_has_problems(text: str) -> None:
    data, problems = read_json(text)
    if problems:
        assert all(isinstance(problem, Problem) for problem in problems)
    else:
        assert data == json.loads(text) or data != data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n"a": 1,}', "line 2: not valid JSON: "),
        ('{"a": 1, "a": 2}', "a: given twice; keep one"),
        ("[" * 100_000, "not valid JSON: "),
        ("9" * 5000, "not valid JSON: "),
        ("", "line 1: not valid JSON: Expecting value (column 1)"),
    ],
)
def test_what_is_wrong_with_json(text: str, expected: str) -> None:
    _, problems = read_json(text)
    assert expected in str(problems[0])


def test_a_problem_gets_the_line_of_the_nearest_place_that_has_one() -> None:
    lines = {(): 1, ("a",): 3, ("a", 0): 4}
    problems = [Problem(("a", 0, "b"), "x"), Problem(("a", 7), "x"), Problem(("z",), "x"), Problem((), "x")]
    assert [problem.line for problem in with_lines(problems, lines)] == [4, 3, 1, 1]


def test_a_message_shows_at_most_a_line_of_what_was_given() -> None:
    assert shown("short") == "'short'"
    assert len(shown("x" * 10_000)) <= 80
