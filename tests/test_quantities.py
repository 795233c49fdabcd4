"""Numbers as people say them."""

import pytest

from negosim._quantities import majorities_as_shares, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fifty-eight percent", [(58, "share")]),
        ("by twelve per cent", [(12, "share")]),
        ("not even six seats in ten are sold", [(60, "share")]),
        ("better than a fifth of everything", [(20, "share")]),
        ("half of that line for one year", [(50, "share"), (365, "time")]),
        ("eleven weeks", [(77, "time")]),
        ("about $160,000 of refunds", [(160_000, "money")]),
        ("up to $70 million a year", [(70e6, "money")]),
        ("$0.085 all in", [(0.085, "money")]),
        ("twelve cents", [(0.12, "money")]),
        ("a hundred and sixty thousand", [(160_000, "")]),
        ("twenty-seven and a half", [(27.5, "")]),
        ("twenty-seven and a half thousand", [(27_500, "")]),
        ("two and a half million", [(2.5e6, "")]),
        ("$40k", [(40_000, "money")]),
        ("a pair of recitals in a week", []),
        ("a third party", []),
        ("in a month and a half", [(45.6, "time")]),
        ("half a year, a couple of weeks, a fortnight", [(182.5, "time"), (14, "time"), (14, "time")]),
        ("our chances are fifty-fifty, about even odds", [(50, "share"), (50, "share")]),
        ("nine times out of ten", [(90, "share")]),
        ("sales fell by a fifth last year", [(20, "share")]),
        ("no number here", []),
        ("", []),
    ],
)
def test_numbers_are_read_in_digits_and_in_words(text: str, expected: list[tuple[float, str]]) -> None:
    found = [(pytest.approx(quantity.value), quantity.kind) for quantity in quantities(text)]
    assert found == expected


def test_a_bare_number_knows_what_it_counts_and_how_it_was_said() -> None:
    (seats,) = quantities("eighteen turbines")
    assert (seats.value, seats.thing) == (18, "turbines")
    (weeks,) = quantities("seven weeks")
    assert (weeks.value, weeks.count) == (49, 7)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("Three of my five members are for it.", [60]),
        ("It leans three to two, or 7 to 3.", [60, 70]),
        ("6 out of the 8", [75]),
        ("one of the three, two to three days, two of those three weeks, from five to three", []),
        ("five of three, twelve of 12, $3 to 2, three of five hundred", []),
    ],
)
def test_parts_of_small_wholes_and_votes_are_shares(text: str, shares: list[float]) -> None:
    found = quantities(majorities_as_shares(text))
    assert [quantity.value for quantity in found if quantity.kind == "share"] == shares
