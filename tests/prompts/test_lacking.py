"""A system.j2 of one's own that does not say what a move is."""

import pytest

from negosim.prompts import Prompts


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({}, False),
        ({"system": "You are {{ role.name }}."}, True),
        ({"system": "You are {{ role.name }}.", "speak": "Speak."}, False),
        (
            {"system": '{% include "_moves.j2" %}', "_moves": 'A move is "offer", "accept" or "walk_away".'},
            False,
        ),
        ({"reflect": "Think."}, False),
    ],
)
def test_a_fixed_part_without_the_moves_is_told(files, lacks, tmp_path):
    for name, text in files.items():
        (tmp_path / f"{name}.j2").write_text(text)
    told = Prompts("viatex", str(tmp_path)).lacking()
    assert bool(told) == lacks
    assert not lacks or str(tmp_path / "system.j2") in told
