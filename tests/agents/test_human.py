"""A person at a seat plays like anybody, with the time each answer took on record."""

from pathlib import Path
from typing import Any

import pytest

import negosim
from negosim.agents import seated
from negosim.errors import UserError
from negosim.records import Utterance


class Person:
    """Accepts what is on the table, and otherwise talks."""

    async def speak(self, view: Any) -> Utterance:
        accepts = view.table.acceptable_by(view.side.index) is not None
        return Utterance(text=f"Word {view.turn_index}", action="accept" if accepts else "talk")

    async def answer(self, view: Any, measure: Any) -> Any:
        return 1.5


def test_a_person_makes_a_deal_and_votes(tmp_path: Path) -> None:
    config = negosim.RunConfig(scenarios="viatex", models=["human", "sim"])
    with seated(lambda role: Person()):
        (dialogue,) = negosim.generate(config, out=tmp_path / "run")
    assert dialogue.models == ("human", "sim")
    assert (dialogue.end, dialogue.outcome.status) == ("concluded", "agreement")
    assert [call.turn for call in dialogue.calls] == [turn.index for turn in dialogue.turns if turn.role == 0]
    assert {(call.model, call.stage, call.calls, call.usd) for call in dialogue.calls} == {
        ("human", "speak", 0, 0.0)
    }


def test_a_person_answers_measures(tmp_path: Path) -> None:
    config = negosim.RunConfig(scenarios="donation", models=["sim", "human"], max_turns=4)
    with seated(lambda role: Person()):
        (dialogue,) = negosim.generate(config, out=tmp_path / "run")
    assert [(given.role, given.value) for given in dialogue.measurements] == [(1, 1.5)]


def test_two_people_talk_to_each_other(tmp_path: Path) -> None:
    config = negosim.RunConfig(scenarios="viatex", models="human", max_turns=4, votes="always")
    with seated(lambda role: Person()):
        (dialogue,) = negosim.generate(config, out=tmp_path / "run")
    assert [turn.role for turn in dialogue.turns] == [0, 1, 0, 1]
    assert [vote.after_turn for vote in dialogue.votes] == [1, 3]


def test_nobody_is_a_person_without_a_seat(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="negosim play"):
        negosim.generate(negosim.RunConfig(scenarios="viatex", models="human"), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
