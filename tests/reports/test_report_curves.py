"""Curves over the dialogue: what stands in a figure, and what in its table alone."""

from negosim.reports._model import Number, Rows
from negosim.reports.sections._curves import Curve, drawn, thin_ends


def point(n: int, value: float | None = 0.5) -> Number:
    return Number("", value, n, Rows("dialogues.jsonl"))


def test_thin_points_are_not_drawn_and_the_caption_says_so() -> None:
    full: Curve = [(0, point(50)), (1, point(100)), (2, point(10))]
    assert drawn(full) == full
    assert thin_ends({(0, "honest"): full}) == ""
    thin: Curve = [(0, point(3)), *full[1:], (3, point(9))]
    assert [span for span, _ in drawn(thin)] == [1, 2]
    assert "fewer than a tenth" in thin_ends({(0, "honest"): full, (1, "honest"): thin})


def test_points_without_a_value_are_no_thin_ones() -> None:
    unknown: Curve = [(0, point(100)), (1, point(0, None))]
    assert [span for span, _ in drawn(unknown)] == [0]
    assert thin_ends({(0, "honest"): unknown}) == ""
