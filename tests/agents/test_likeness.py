"""Which candidate was said, and whether an utterance begins as earlier ones did."""

import pytest

from negosim.agents._likeness import opens_alike, said_candidate

PRICE = "Twelve cents a bottle would let me show my director a saving this month."
TERM = "If the contract ran for three years, Corvane could plan its moulds around it."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PRICE, 0),
        ("A price of twelve cents a bottle is a saving that I could show my director.", 0),
        ("Could Corvane plan its moulds around a contract of three years?", 1),
        ("Good morning, and thank you for coming all the way.", None),
        ("", None),
    ],
)
def test_what_was_said_is_known_by_its_words(text: str, said: int | None) -> None:
    assert said_candidate(text, [PRICE, TERM], 0) == said


def test_the_chosen_one_is_said_unless_another_clearly_is() -> None:
    assert said_candidate(PRICE, [PRICE, PRICE], 1) == 1


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("Thank you for that, but no.", True),
        ("I thank you for this, yes.", False),
        ("Twelve cents it is.", False),
        ("", False),
    ],
)
def test_openings_are_alike(text: str, alike: bool) -> None:
    assert opens_alike(text, ["Thank you for the offer."]) is alike
