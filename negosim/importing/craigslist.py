"""CraigslistBargain (He et al. 2018): a buyer and a seller settle the price of something."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from negosim.importing._craigslist_hub import is_hub_row, published_row
from negosim.importing._drops import Drops
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import dialogues_of
from negosim.importing._scenario import conversation, number_issue
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, Said, SourceFile
from negosim.records import HUMAN, Action, Outcome
from negosim.scenarios import Scenario

BUYER, SELLER = "buyer", "seller"
_ROLES = (BUYER, SELLER)

_MOVES: dict[str, Action] = {"offer": "offer", "accept": "accept", "reject": "talk", "quit": "walk_away"}

MOST_OVER = 1.0
"""How far outside the two targets, in their distance, a price may lie before it is taken for a slip."""


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has dialogues of the set."""
    return any({"uuid", "scenario", "events", "outcome"} <= row.keys() or is_hub_row(row) for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Return the negotiations of the files.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    return dialogues_of(files, drops, lambda file, row: _found(file, row, drops))


def _found(file: SourceFile, entry: Row, drops: Drops) -> ImportedDialogue:
    row = published_row(entry.content, f"{file.label}-{entry.name}", drops)
    sides = row["scenario"]["kbs"]
    positions = [_ROLES.index(side["personal"]["Role"]) for side in sides]
    if sorted(positions) != [0, 1]:
        raise BadRowError("the two sides are not a buyer and a seller")
    turns = [said for event in row["events"] if (said := _said(event, positions)) is not None]
    if not turns:
        raise BadRowError("nothing was said or offered")
    by_role = [sides[positions.index(role)] for role in (0, 1)]
    targets = [_number(side["personal"].get("Target")) for side in by_role]
    price = _number((row["outcome"].get("offer") or {}).get("price"))
    item = by_role[1]["item"]
    players = row.get("agents") or {}
    facts = {
        "category": item.get("Category") or row["scenario"].get("category"),
        "post": row["scenario"].get("post_id"),
        "title": item.get("Title"),
        "listed_price": _number(item.get("Price")),
        "buyer_target": targets[0],
        "seller_target": targets[1],
    }
    return ImportedDialogue(
        id=str(row["uuid"]),
        where=entry.where,
        scenario=_scenario(by_role, targets, turns, price),
        frame=frame(),
        turns=turns,
        participants=tuple(str(players.get(str(positions.index(role)), HUMAN)) for role in (0, 1)),
        outcome=_outcome(row["outcome"].get("reward"), price, targets, drops),
        end="walk_away" if turns[-1].action == "walk_away" else "ended",
        facts={name: value for name, value in facts.items() if value is not None},
        split=file.split_of(entry),
    )


def _said(event: Mapping[str, Any], positions: Sequence[int]) -> Said | None:
    """Return what an event is; None for a message without a word."""
    role, data = positions[int(event["agent"])], event.get("data")
    intent = (event.get("metadata") or {}).get("intent")
    labels = (str(intent),) if intent else ()
    if event["action"] == "message":
        text = " ".join(str(data or "").split())
        return Said(role, text, labels=labels) if text else None
    action = _MOVES[event["action"]]
    price = _number(data.get("price")) if isinstance(data, Mapping) else None
    if action == "offer" and price is None:
        action = "talk"
    offer = {"price": price} if action == "offer" and price is not None else None
    return Said(role, str(event["action"]), action, offer, labels=labels, wordless=True)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        return None
    return int(value) if float(value).is_integer() else float(value)


def _outcome(
    reward: float | None, price: float | None, targets: Sequence[float | None], drops: Drops
) -> Outcome:
    """Return the outcome; a reward is 1 for a price at one's own target, 0 for one at the other's."""
    if reward is None:
        return Outcome(status="unknown")
    if reward != 1:
        return Outcome(status="no_agreement", rewards=(0.0, 0.0))
    if price is None:
        return Outcome(status="agreement")
    low, high = targets
    share = (high - price) / (high - low) if low is not None and high is not None and high != low else None
    if share is not None and not -MOST_OVER <= share <= 1 + MOST_OVER:
        drops.altered["prices far outside both targets: no reward (dialogues)"] += 1
        share = None
    rewards = None if share is None else (share, 1 - share)
    return Outcome(status="agreement", deal={"price": price}, rewards=rewards)


def _scenario(
    sides: Sequence[Mapping[str, Any]],
    targets: Sequence[float | None],
    turns: Sequence[Said],
    price: float | None,
) -> Scenario:
    item = sides[1]["item"]
    offered = [float(turn.offer["price"]) for turn in turns if turn.offer]
    known = [number for number in (*targets, _number(item.get("Price")), price) if number is not None]
    described = item.get("Description") or ()
    text = "\n".join([described] if isinstance(described, str) else map(str, described))
    context = (
        f"{frame().context}\nFor sale: {item.get('Title')}, listed at ${item.get('Price')}.\n{text}".strip()
    )
    roles = tuple(
        role.model_copy(update={"brief": f"{role.brief} You would like a price of ${target:g}."})
        if target is not None
        else role
        for role, target in zip(frame().roles, targets, strict=True)
    )
    issue = number_issue("price", "Price", [*offered, *known], prefix="$")
    return frame().model_copy(update={"context": context, "roles": roles, "issues": (issue,)})


@lru_cache
def frame() -> Scenario:
    """Return what all negotiations of the set have in common: all but the thing for sale and its prices."""
    return conversation(
        "craigslist",
        ("Buyer", "Seller"),
        title="Something second-hand for sale",
        context="A buyer and a seller talk about the price of something that is advertised for sale.",
        source="He et al. (2018), CraigslistBargain",
        briefs=(
            "You want to buy it, for as little as you can.",
            "You want to sell it, for as much as you can.",
        ),
        positions=("buyer", "seller"),
    )


IMPORTER = Importer(
    title="CraigslistBargain: people bargain over second-hand things",
    licence="MIT",
    citation="He, H., Chen, D., Balakrishnan, A., & Liang, P. (2018). Decoupling strategy and generation in "
    "negotiation dialogues. EMNLP 2018.",
    reward="how near the price is to one's own target: 1 at it, 0 at the other's; 0 without a deal",
    note="Offers, acceptances and quitting become moves; intents are those of the publishers' parser.",
    recognises=recognises,
    read=read,
    labelled_by="craigslist:parser",
)
