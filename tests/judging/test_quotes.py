"""Quotes: said word for word, or not accepted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.judging import verbatim

SAID = ["I'd take $0.11 a bottle, and \u201cnot a cent\u201d more.", "Then it\u2019s settled:\n48 months."]


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("I'd take $0.11 a bottle", "I'd take $0.11 a bottle"),
        ("i\u2019d TAKE  $0.11\na bottle", "I'd take $0.11 a bottle"),
        ('"it\'s settled: 48 months."', "it\u2019s settled:\n48 months."),
        ('and "not a cent" more', "and \u201cnot a cent\u201d more"),
        ("I would take $0.11", None),
        ("take $0.1", None),
        ("ake $0.11", None),
        ("more. Then it's", None),
        ("I'd take ... a bottle", None),
        ("", None),
        ('""', None),
        ("48 months!", None),
    ],
)
def test_what_was_said(quote: str, found: str | None) -> None:
    assert verbatim(quote, SAID) == found


WORDS = st.lists(st.text("abcxyz019.,$()[]*?\\'\u2019\"", min_size=1), min_size=1, max_size=12)


def plain(text: str) -> list[str]:
    return text.replace("\u2019", "'").upper().split()


@given(WORDS, st.data())
def test_every_run_of_words_is_found_as_it_stands(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(words) - 1))
    part = words[start : data.draw(st.integers(start + 1, len(words)))]
    core = " ".join(part).strip("'\u2019\" ")
    found = verbatim("\n ".join(part).upper(), [text])
    if core:
        assert found is not None
        assert found in text
        assert plain(found) == plain(core)
    else:
        assert found is None
