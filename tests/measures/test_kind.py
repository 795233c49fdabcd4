"""The kind of a negotiation, by hand; warnings about what is hardly one."""

import pytest

from negosim.measures import kind_of, kind_warnings
from negosim.scenarios import Scenario, load_scenario

VIATEX = load_scenario("viatex")


def make(reservations: tuple[float, float], second_wants_the_opposite: bool) -> Scenario:
    """Two roles over a price of 0 to 10 dollars, ten points a dollar, and a colour that matters to nobody."""
    data = VIATEX.model_dump(mode="json", exclude_defaults=True)
    data["issues"] = [
        {"id": "price", "name": "Price", "phrase": "the price", "range": {"min": 0, "max": 10, "step": 1}},
        {
            "id": "colour",
            "name": "Colour",
            "phrase": "the colour",
            "options": [{"id": "red", "label": "red"}, {"id": "blue", "label": "blue"}],
        },
    ]
    data["resolution"] = [{"id": "price", "issue": "price", "text": "At what price?"}]
    ends = ((0, 100), (100, 0) if second_wants_the_opposite else (0, 100))
    for role, reservation, (low, high) in zip(data["roles"], reservations, ends, strict=True):
        role["payoff"] = {
            "reservation": reservation,
            "target": 100,
            "issues": {"price": [[0, low], [10, high]], "colour": {"red": 0, "blue": 0}},
        }
        role["arguments"] = {}
    return Scenario.model_validate(data)


def test_pure_conflict_has_no_integrative_value_and_solutions_in_the_middle():
    kind = kind_of(make((20, 40), second_wants_the_opposite=True).space)
    assert kind.zone == (40, 40)
    assert kind.integrative == pytest.approx(0)
    assert kind.solutions["nash"] == kind.solutions["egalitarian"] == (40, 60)


def test_where_both_want_the_same_nothing_is_given_up():
    kind = kind_of(make((20, 40), second_wants_the_opposite=False).space)
    assert kind.zone == (80, 60)
    assert kind.integrative == pytest.approx(1)
    assert set(kind.solutions.values()) == {(100, 100)}


@pytest.mark.parametrize(
    ("reservations", "words"),
    [
        ((60, 60), ["no deal", "nobody"]),
        ((20, 20), ["nobody"]),
        ((0, 60), ["nobody", "cards"]),
    ],
)
def test_what_is_hardly_a_negotiation_is_told(reservations, words):
    told = list(kind_warnings(make(reservations, second_wants_the_opposite=True)))
    assert len(told) == len(words)
    assert all(word in text for word, text in zip(words, told, strict=True))


def test_a_negotiation_worth_having_brings_no_warning():
    assert not list(kind_warnings(VIATEX))
