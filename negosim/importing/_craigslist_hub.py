"""CraigslistBargain as the Hugging Face hub has it, brought into the form in which it was published."""

from collections.abc import Mapping, Sequence
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._row import BadRowError

_FIELDS = ("agent_info", "agent_turn", "dialogue_acts", "utterance", "items")

_MOVES = ("offer", "accept", "reject", "quit")


def is_hub_row(row: Mapping[str, Any]) -> bool:
    """Tell whether a row has the hub's columns."""
    return set(_FIELDS) <= row.keys()


def published_row(row: Mapping[str, Any], id: str, drops: Drops) -> Mapping[str, Any]:
    """Return a row in the published form; one that is in it already, as it is.

    The hub keeps neither ids nor outcomes, and a move only as its intent: where that is missing, so is the
    move, and the outcome is unknown.

    Args:
        row: of either form.
        id: for a row that has none.
        drops: where moves that are missing are counted.

    Raises:
        BadRowError: columns differ in length.
        KeyError, TypeError: the row is in neither form.

    """
    if not is_hub_row(row):
        return row
    people, items, acts = (_records(row[field]) for field in ("agent_info", "items", "dialogue_acts"))
    if not len(row["agent_turn"]) == len(row["utterance"]) == len(acts):
        raise BadRowError("agent_turn, utterance and dialogue_acts differ in length")
    told = zip(row["agent_turn"], row["utterance"], acts, strict=True)
    events = [event for agent, text, act in told if (event := _event(agent, text, act)) is not None]
    if missing := len(acts) - len(events):
        drops.altered["moves left out: the hub's copy does not say what they were"] += missing
    kbs = [
        {
            "personal": {**person, "Target": _known(person.get("Target"))},
            "item": {**item, "Price": _known(item.get("Price"))},
        }
        for person, item in zip(people, items, strict=True)
    ]
    return {
        "uuid": id,
        "scenario": {"kbs": kbs},
        "events": events,
        "outcome": _outcome(events, bool(missing)),
    }


def _records(column: Mapping[str, Sequence[Any]] | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return a column of records, which the hub gives as a list of them or as a list for each field."""
    if isinstance(column, Mapping):
        return [dict(zip(column, values, strict=True)) for values in zip(*column.values(), strict=True)]
    return list(column)


def _known(number: object) -> float | None:
    """Return a number as the publishers wrote it; the hub says -1 and "None" where there is none."""
    try:
        value = float(str(number))
    except ValueError:
        return None
    return None if value < 0 else value


def _event(agent: int, text: str, act: Mapping[str, Any]) -> Mapping[str, Any] | None:
    intent, price = act.get("intent") or "", _known(act.get("price"))
    metadata = {"intent": intent} if intent else None
    if text.strip():
        return {"agent": agent, "action": "message", "data": text, "metadata": metadata}
    if intent not in _MOVES:
        return None
    data = {"price": price} if intent == "offer" else None
    return {"agent": agent, "action": intent, "data": data, "metadata": metadata}


def _outcome(events: Sequence[Mapping[str, Any]], missing: bool) -> dict[str, Any]:
    """Return reward and last offer: 1 where that was accepted, None where a move is missing."""
    moves = [event for event in events if event["action"] != "message"]
    offers = [event["data"] for event in moves if event["action"] == "offer"]
    agreed = bool(offers) and moves[-1]["action"] == "accept"
    return {
        "reward": None if missing and not agreed else int(agreed),
        "offer": offers[-1] if offers else None,
    }
