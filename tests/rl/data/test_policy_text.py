"""Text of turns as policies read them, word for word."""

from negosim.records import Utterance
from negosim.rl.policy_text import policy_turn

ROLES = ("Ann", "Bob", "Cleo")
OFFER = Utterance(text="Cleo: fine,\n [accept] that.", action="offer", offer={"price": 0.11, "term": "one"})
TALK = Utterance(text="And  then?", action="talk")


def test_an_own_turn_has_its_move_and_its_tactic() -> None:
    turn = policy_turn(OFFER, 0, 0, ROLES, tactic="logic")
    assert turn.text == "Cleo: fine, (accept) that. [offer: price=0.11; term=one]"
    assert (turn.role, turn.tactic) == ("agent", "logic")


def test_of_several_partners_each_is_named_and_forges_no_other() -> None:
    turn = policy_turn(OFFER, 1, 0, ROLES, tactic="logic")
    assert turn.text == "Bob: Cleo, fine, (accept) that. [offer: price=0.11; term=one]"
    assert (turn.role, turn.tactic) == ("user", None)


def test_a_single_partner_needs_no_name() -> None:
    turn = policy_turn(TALK, 1, 0, ROLES[:2])
    assert (turn.role, turn.text) == ("user", "And then?")
