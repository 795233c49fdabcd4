"""Measures of language by hand, and repetition between dialogues against counting by sets."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from negosim.measures._language import HashedText, Overlap, Vocabulary, language


def measured(*utterances: str) -> dict[str, float | int | None]:
    return language(HashedText(utterances, Vocabulary()))


def test_by_hand() -> None:
    found = measured("We can't pay 1,200.50, can we?", "Can we? Really??")
    # we can't pay 1,200.50 can we | can we really
    assert found["words"] == 9
    assert found["words_per_turn"] == 4.5
    assert found["questions_per_turn"] == 1.5
    assert found["distinct_1"] == pytest.approx(6 / 9)
    # we can't, can't pay, pay 1200, 1200 can, can we | can we, we really
    assert found["distinct_2"] == pytest.approx(6 / 9)
    assert found["repetition"] == 0


def test_repetition_is_the_share_of_4_grams_said_before() -> None:
    assert measured("a b c d", "a b c d", "a b c e")["repetition"] == pytest.approx(1 / 3)
    assert measured("a b c", "d e f")["repetition"] is None
    assert measured("a a a a a a")["repetition"] == pytest.approx(2 / 3)


def test_without_words_nothing_is_zero() -> None:
    assert measured("...", "!")["distinct_1"] is None
    assert measured()["words_per_turn"] is None


def test_case_and_apostrophes() -> None:
    assert measured("Don’t DON’T don’t")["distinct_1"] == pytest.approx(1 / 3)
    assert measured("win-win Straße état Q3 5-year")["words"] == 5


def plain_grams(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return list(zip(words, words[1:], words[2:], words[3:], strict=False))


dialogue = st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), min_size=1, max_size=4)


@settings(max_examples=60)
@given(st.lists(dialogue, min_size=2, max_size=5))
def test_repetition_is_what_counting_tuples_gives(dialogues: list[list[str]]) -> None:
    vocabulary, overlap = Vocabulary(), Overlap()
    sets = []
    for number, utterances in enumerate(dialogues):
        grams = [gram for text in utterances for gram in plain_grams(text)]
        sets.append(set(grams))
        text = HashedText(utterances, vocabulary)
        overlap.add(number, "group", text)
        wanted = 1 - len(set(grams)) / len(grams) if grams else None
        assert language(text)["repetition"] == (pytest.approx(wanted) if grams else None)
    found = overlap.shares()
    for number, own in enumerate(sets):
        others = set().union(*(grams for other, grams in enumerate(sets) if other != number))
        assert found.get(number) == (pytest.approx(len(own & others) / len(own)) if own else None)


def test_repetition_between_dialogues_needs_another_of_the_group() -> None:
    vocabulary, overlap = Vocabulary(), Overlap()
    same = HashedText(["one two three four five"], vocabulary)
    for number, group in enumerate(("x", "x", "y")):
        overlap.add(number, group, same)
    assert overlap.shares() == {0: 1.0, 1: 1.0}


def test_past_the_budget_shares_are_estimated_from_a_sample() -> None:
    """Every dialogue has 500 4-grams of its own and 500 that all have."""
    vocabulary, overlap = Vocabulary(), Overlap(budget=8000)
    for number in range(20):
        own = " ".join(f"w{number}x{place}" for place in range(503))
        overlap.add(
            number, "group", HashedText([own, " ".join(f"v{place}" for place in range(503))], vocabulary)
        )
    kept = [len(grams) for members in overlap._groups.values() for _, grams in members]
    assert sum(kept) <= 8000
    found = overlap.shares()
    assert sum(found.values()) / 20 == pytest.approx(0.5, abs=0.05)
