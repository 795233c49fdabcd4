"""Quotes: found in spite of small changes, and only where they were said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.rl import TrajectoryTurn
from negosim.rl.hindsight import THRESHOLD, quoted_turn

TURNS = (
    TrajectoryTurn(role="agent", text="Hello, have you heard of Save the Children?"),
    TrajectoryTurn(role="user", text="Yes, I have heard of them, what do they do?"),
    TrajectoryTurn(
        role="agent",
        text="They bring food and schooling to children. Would you give fifty cents of your pay?",
    ),
    TrajectoryTurn(role="user", text="I am not sure about that."),
    TrajectoryTurn(role="agent", text="Thank you!"),
)


@pytest.mark.parametrize(
    ("quote", "turn"),
    [
        ("Hello, have you heard of Save the Children?", 0),
        ("hello have you heard of save the children", 0),
        ("“Hello, have you heard of “Save the Children”?”", 0),
        ("Hello, have you herd of Save the Childern?", 0),
        ("Would you give fifty cents of your pay?", 2),
        ("They bring food and schooling to children.", 2),
        ("thank you", 4),
        ("Yes, I have heard of them, what do they do?", None),  # the user's
        ("Would you like to hear about our school programme in Kenya?", None),
        ("you", None),
        ("!?", None),
        ("", None),
    ],
)
def test_quotes_are_found_where_they_were_said(quote: str, turn: int | None) -> None:
    found = quoted_turn(quote, TURNS)
    assert (found[0] if found else None) == turn
    if found:
        assert THRESHOLD <= found[1] <= 100


@given(st.integers(0, 2), st.data())
def test_a_quote_with_one_letter_wrong_is_still_found(which: int, data: st.DataObject) -> None:
    turn = (0, 2, 2)[which]
    text = TURNS[turn].text
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = text[:place] + data.draw(st.sampled_from("xqz")) + text[place + 1 :]
    found = quoted_turn(wrong, TURNS)
    assert found is not None
    assert found[0] == turn


@given(st.text(alphabet="bcdfgjklmnpqvwxz ", min_size=1, max_size=60))
def test_what_nobody_said_is_not_found(text: str) -> None:
    assert quoted_turn(text, TURNS) is None


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6), st.data())
def test_the_agents_own_words_are_always_found(texts: list[str], data: st.DataObject) -> None:
    turns = [TrajectoryTurn(role="agent", text=text) for text in texts]
    said = data.draw(st.sampled_from(texts))
    found = quoted_turn(said, turns)
    if any(letter.isalnum() for letter in said):
        assert found is not None
        assert found[1] == pytest.approx(100)
