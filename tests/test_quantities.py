"""Numbers as people say them."""

import pytest

from negosim._quantities import quantities


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
