"""A person in the terminal: moves are typed, checked and confirmed."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

import negosim
from negosim.agents import seated
from negosim.terminal.play import TerminalSeat
from negosim.views import public_record


def typing(*lines: str) -> Callable[[str], str]:
    """Return what answers prompts with these lines, and then with the end of the input."""
    left = list(lines)

    def ask(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    return ask


def test_a_person_talks_offers_and_leaves(tmp_path: Path) -> None:
    shown = io.StringIO()
    ask = typing(
        *("", "/nonsense", "/accept", "Hello there", "/points", "/offer How about this?"),
        *("0.5", "0.10", "24", "60", "quarterly", "lighter", "yes"),
        *("/leave", "no", "/leave Good bye", "yes"),
    )
    seat = TerminalSeat(Console(file=shown, width=2000), 0, ask)
    config = negosim.RunConfig(scenarios="viatex", models=["human", "sim"])
    with seated(lambda role: seat):
        (dialogue,) = negosim.generate(config, out=tmp_path / "run", watch=seat.watch)
    own = [turn.utterance for turn in dialogue.turns if turn.role == 0]
    assert [said.text for said in own] == ["Hello there", "How about this?", "Good bye"]
    assert own[1].offer is not None
    assert own[1].offer["unit-price"] == 0.1
    assert dialogue.end == "walk_away"
    text = shown.getvalue()
    assert "worth 90 to you" in text
    assert "off the grid" in text
    assert "/accept cannot be used now" in text
    scenario = negosim.load_scenario("viatex")
    assert scenario.roles[0].brief[:40] in text
    assert scenario.roles[1].brief[:40] not in text
    assert not any(turn.reflection and turn.reflection in text for turn in dialogue.turns)


def test_what_was_said_is_kept_when_the_input_ends(tmp_path: Path) -> None:
    config = negosim.RunConfig(scenarios="donation", models=["sim", "human"], max_turns=2)
    first = TerminalSeat(Console(file=io.StringIO()), 1, typing())
    with seated(lambda role: first), pytest.raises(EOFError):
        negosim.generate(config, out=tmp_path / "run")
    again = TerminalSeat(Console(file=io.StringIO()), 1, typing("Who are they?", "much", "1.5"))
    with seated(lambda role: again):
        (dialogue,) = negosim.resume(tmp_path / "run")
    assert [turn.utterance.text for turn in dialogue.turns][1:] == ["Who are they?"]
    assert [given.value for given in dialogue.measurements] == [1.5]


def test_a_person_tells_some_alone_and_gives_the_floor(tmp_path: Path) -> None:
    ask = typing(
        *(
            "/aside nobody: psst",
            "/aside bakery, Ottilie: psst",
            "/aside bakery",
            "/aside NOODLE-MAKER: MUMBLE",
        ),
        *("Let us begin.", "the king", "noodle-maker", "And you?", "", "/leave", "yes", ""),
    )
    shown = io.StringIO()
    seat = TerminalSeat(Console(file=shown, width=2000), 0, ask)
    config = negosim.RunConfig(
        scenarios="heron-mill", models=["human", "sim", "sim"], order="chair:owner", max_turns=5
    )
    with seated(lambda role: seat):
        (dialogue,) = negosim.generate(config, out=tmp_path / "run", watch=seat.watch)
    scenario = negosim.load_scenario("heron-mill")
    noodles = list(scenario.role_index).index("noodle-maker")
    assert [turn.role for turn in dialogue.turns] == [0, noodles, 0, 3 - noodles, 0]
    assert [(aside.to, aside.text) for aside in dialogue.turns[0].asides] == [((noodles,), "MUMBLE")]
    assert not any(turn.asides for turn in dialogue.turns[1:] if turn.role == 0)
    assert "'Ottilie' is not one of those who can be meant" in shown.getvalue()
    heard = {role: "MUMBLE" in str(public_record(dialogue.turns, role)) for role in (0, 1, 2)}
    assert heard == {0: True, noodles: True, 3 - noodles: False}
