"""Expressions of rewards: what they come to, and that no text does anything else."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.scenarios import read_expression

VALUES = {"own": 3.0, "joint": 0.0, "after.gift": 0.5, "ben.before.stance": 7.0}

NUMBERS = st.one_of(st.integers(0, 99).map(str), st.sampled_from(["0.25", "1.5", *VALUES]))


def combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, st.sampled_from(["+", "-", "*", "/", "<", "==", ">="]), parts).map(
            lambda found: "({} {} {})".format(*found)
        ),
        parts.map(lambda part: f"-{part}"),
        parts.map(lambda part: f"abs({part})"),
        st.tuples(parts, parts).map(lambda found: "max({}, {})".format(*found)),
        st.tuples(parts, parts, parts).map(lambda found: "({} if {} else {})".format(*found)),
    )


@given(st.recursive(NUMBERS, combined, max_leaves=12))
def test_an_expression_comes_to_what_python_makes_of_it(text: str) -> None:
    if len(text) > 300:
        return
    expression = read_expression(text)
    assert set(expression.names) <= set(VALUES)
    python = text
    for name, value in VALUES.items():
        python = python.replace(name, f"({value})")
    try:
        expected = float(eval(python, {"__builtins__": {}, "abs": abs, "max": max}))
    except ZeroDivisionError:
        with pytest.raises(ValueError, match="divides by 0"):
            expression.value(VALUES)
        return
    assert math.isclose(expression.value(VALUES), expected, rel_tol=1e-12)


@given(st.one_of(st.text(max_size=60), st.text("aifor.()+-*/'_ 019<=,!", max_size=60)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        expression = read_expression(text)
        expression.value(dict.fromkeys(expression.names, 1.0))


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__",
        "own.__class__.mro()",
        "[1]",
        "lambda: 1",
        "2 ** 99999",
        "(yield)",
        "f'{own}'",
        "own if own",
        "min()",
        "abs(1, 2)",
        "1 < 2 < 3",
        "own; own",
        "(" * 200 + "1" + ")" * 200,
        "True",
        "1 and 2",
        "1_000",
        "own := 2",
        "",
    ],
)
def test_what_is_no_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_expression(text).value({})


def test_text_can_be_compared_and_nothing_else() -> None:
    vote = read_expression("1 if after.vote == 'yes' else -1")
    assert [vote.value({"after.vote": answer}) for answer in ("yes", "no")] == [1.0, -1.0]
    for wrong in ("after.vote", "after.vote + 1", "after.vote < 2", "max(after.vote, 1)"):
        with pytest.raises(ValueError, match="text"):
            read_expression(wrong).value({"after.vote": "yes"})
    with pytest.raises(ValueError, match="too large"):
        read_expression("own * own").value({"own": 1e300})
