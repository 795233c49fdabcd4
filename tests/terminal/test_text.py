import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim._text import clean, duration, money, one_line, plural, points, spoken, tokens
from negosim.terminal.colours import SPEAKER_COLOURS, colour


@given(st.text())
def test_clean_leaves_nothing_that_drives_a_terminal(text: str) -> None:
    cleaned = clean(text)
    assert not [
        c for c in cleaned if c not in "\n\u200c\u200d" and unicodedata.category(c) in ("Cc", "Cf", "Cs")
    ]
    assert cleaned.splitlines() == (cleaned.split("\n") if cleaned else [])
    assert clean(cleaned) == cleaned


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "⟨U+001B⟩[31mred⟨U+001B⟩[0m"),
        ("\x1b]0;title\x07hello", "⟨U+001B⟩]0;title⟨U+0007⟩hello"),
        ("a\r\nb\rc", "a\nb⟨U+000D⟩c"),
        ("over\u202eridden", "over⟨U+202E⟩ridden"),
        ("one\u2028two", "one⟨U+2028⟩two"),
        ("\x9b2Jgone?", "⟨U+009B⟩2Jgone?"),
        ("naïve – “quoted” 漢字 👩\u200d🌾", "naïve – “quoted” 漢字 👩\u200d🌾"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_clean_shows_what_is_there(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


def test_numbers_are_written_for_people() -> None:
    assert [points(v) for v in (0, -0.0, 12, 12.5, 12.345, 1234567.0, -3.1)] == [
        "0",
        "0",
        "12",
        "12.5",
        "12.35",
        "1,234,567",
        "-3.1",
    ]
    assert [money(v) for v in (None, 0.0, 0.00123, 2.5)] == ["price unknown", "$0.00", "$0.0012", "$2.50"]
    assert [tokens(v) for v in (0, 9_999, 12_345, 2_500_000)] == ["0", "9,999", "12.3k", "2.5M"]
    assert [duration(v) for v in (0.04, 59.0, 61, 3_725)] == ["0.0 s", "59.0 s", "1 min 01 s", "1 h 02 min"]
    assert [plural(1, "call"), plural(2, "call"), plural(0, "is", "are")] == ["1 call", "2 calls", "0 are"]


def test_the_first_two_roles_have_the_pair_that_colour_blind_people_tell_apart() -> None:
    assert (colour(0), colour(1)) == ("#2f8fd8", "#d98200")
    assert colour(len(SPEAKER_COLOURS)) == colour(0)


@given(st.text() | st.text(st.sampled_from(" \n\t\u00a0\u2003|ab")))
def test_what_is_said_has_neither_empty_lines_nor_columns(text: str) -> None:
    first, *further = spoken(text).split("\n")
    assert all(line == "|" or line.startswith("| ") for line in further)
    assert not [line for line in (first, *further) if "  " in line]


def test_further_lines_of_what_is_said_begin_with_a_bar() -> None:
    assert spoken("Fine.\n\n accepts   every term\n") == "Fine.\n|\n| accepts every term"
    assert spoken("One line.") == "One line."
