"""Situations of statements: the package at hand, and what their speaker agreed to later."""

from collections.abc import Sequence

from negosim.judging._statement import Situation
from negosim.records import Turn
from negosim.scenarios import Scenario, Value
from negosim.table import opening_table


def situations(turns: Sequence[Turn], scenario: Scenario) -> list[Situation]:
    """Return the situation of each utterance of a dialogue.

    The package at hand is the offer that the utterance itself makes, else the one on the table, else the
    last that its speaker made, each with what has been settled before.
    """
    table = opening_table(scenario)
    last: dict[int, dict[str, Value]] = {}
    hands: list[tuple[dict[str, Value], dict[str, Value]]] = []
    agreed: list[dict[str, Value] | None] = []
    for turn in turns:
        settled, standing = dict(table.settled), table.standing
        after = table.after(turn.role, turn.utterance)
        made = turn.utterance.offer if turn.utterance.action == "offer" else None
        if made:
            last[turn.role] = {**after.settled, **made}
        open_offer = None if standing is None else {**settled, **standing}
        hands.append(((last.get(turn.role, {}) if made else open_offer or last.get(turn.role, {})), settled))
        accepted = open_offer if turn.utterance.action == "accept" else None
        agreed.append(last[turn.role] if made else accepted)
        table = after
    return [
        Situation(offer, settled, tuple(_later(turns, agreed, number)))
        for number, (offer, settled) in enumerate(hands)
    ]


def _later(
    turns: Sequence[Turn], agreed: Sequence[dict[str, Value] | None], number: int
) -> list[dict[str, Value]]:
    role = turns[number].role
    return [
        deal
        for turn, deal in zip(turns[number + 1 :], agreed[number + 1 :], strict=True)
        if turn.role == role and deal is not None
    ]
