"""CaSiNo (Chawla et al. 2021): two campers share out packages of food, water and firewood."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from negosim.rl._card import Drops
from negosim.rl._trajectory import TrajectoryTurn
from negosim.rl.policy_text import Move, mark
from negosim.rl.sources._row import BadRowError, Row
from negosim.rl.sources._rows import rows_of
from negosim.rl.sources._source import Found, Source, SourceFile

MOST = 36
"""Points of one who gets everything: three packages each at 5, 4 and 3 points."""

AGENTS = ("mturk_agent_1", "mturk_agent_2")

_MOVES: dict[str, Move] = {
    "Submit-Deal": "offer",
    "Accept-Deal": "accept",
    "Reject-Deal": "reject",
    "Walk-Away": "walk_away",
}


def read(files: Sequence[SourceFile], learner: int, drops: Drops) -> Iterator[Found]:
    """Yield the negotiations of the files, with the points of both sides.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        for row in rows_of(file.path, file.name):
            try:
                yield _found(file, row, learner, drops)
            except BadRowError as error:
                drops.add(str(error), row.where)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                drops.add(f"not in the published form ({type(error).__name__}: {error})", row.where)


def _found(file: SourceFile, entry: Row, learner: int, drops: Drops) -> Found:
    if entry.problem:
        raise BadRowError(entry.problem)
    row, where = entry.content, entry.where
    # The order of the participants differs from row to row: they are told apart by id, never by position.
    me, partner = AGENTS[learner], AGENTS[1 - learner]
    info, logs = row["participant_info"], row["chat_logs"]
    if set(info) != set(AGENTS) or {log["id"] for log in logs} - set(AGENTS):
        raise BadRowError(f"participants are not {' and '.join(AGENTS)}")
    last = logs[-1]["text"] if logs else ""
    if last not in ("Accept-Deal", "Walk-Away"):
        raise BadRowError("neither accepted nor walked away from")
    points = {agent: _points(info[agent]) for agent in AGENTS}
    labels = _labels(row, where, drops)
    turns = [_turn(log, me, labels[position]) for position, log in enumerate(logs)]
    known = all(value is not None for value in points.values())
    # The hub's copy has no ids.
    id = row.get("dialogue_id")
    name = str(id) if id is not None else f"{file.label}-{entry.name}"
    return Found(
        id=f"{name}-agent-{learner + 1}",
        where=where,
        turns=turns,
        rewards={
            "own": points[me],
            "joint": (points[me] or 0) + (points[partner] or 0) if known else None,
            "agreement": float(last == "Accept-Deal"),
        },
        record=row,
        system=_system(info[me]),
        split=file.split_of(entry),
        group=name,
        meta={"task": "campsite", "learner": learner + 1, "agreement": last == "Accept-Deal"},
    )


def _points(participant: Mapping[str, Any]) -> float | None:
    given = participant["outcomes"].get("points_scored")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= MOST:
        raise BadRowError(f"points_scored is {given!r}, no number from 0 to {MOST}")
    return float(given)


def _labels(row: Mapping[str, Any], where: str, drops: Drops) -> list[str | None]:
    """Return the labels of every log entry; deal actions have none, and are no part of the annotation."""
    logs, annotations = row["chat_logs"], row.get("annotations") or []
    spoken = [position for position, log in enumerate(logs) if log["text"] not in _MOVES]
    found: list[str | None] = [None] * len(logs)
    if not annotations:
        return found
    if [logs[position]["text"] for position in spoken] != [text for text, _ in annotations]:
        drops.altered["labels left out: they do not align with the utterances"] += 1
        return found
    for position, (_, names) in zip(spoken, annotations, strict=True):
        found[position] = "+".join(name.strip() for name in names.split(","))
    return found


def _turn(log: Mapping[str, Any], me: str, tactic: str | None) -> TrajectoryTurn:
    text, role = " ".join(log["text"].split()), "agent" if log["id"] == me else "user"
    if (move := _MOVES.get(text)) is not None:
        text = mark("", move, _mine(log) if move == "offer" else None)
    else:
        text = mark(text, "talk")
    if not text:
        raise BadRowError("an utterance has no text")
    return TrajectoryTurn.model_validate({"role": role, "text": text, "tactic": tactic})


def _mine(log: Mapping[str, Any]) -> dict[str, int]:
    """Return what the one who submits a deal would get."""
    return {item.casefold(): int(count) for item, count in sorted(log["task_data"]["issue2youget"].items())}


def _system(me: Mapping[str, Any]) -> str:
    lines = [
        f"- {level}: {me['value2issue'][level]} ({worth} points each). {me['value2reason'][level]}"
        for level, worth in (("High", 5), ("Medium", 4), ("Low", 3))
    ]
    return "\n".join(
        [
            "You and your camping neighbour share out three packages each of food, water and firewood. "
            "Talk until you agree who gets what; an offer names what its speaker gets, the rest goes to the "
            "other. Walking away is worth 5 points.",
            "What matters to you:",
            *lines,
        ]
    )


SOURCE = Source(
    id="casino",
    task="campsite",
    licence="CC BY 4.0",
    citation="Chawla, K., Ramirez, J., Clever, R., Lucas, G., May, J., & Gratch, J. (2021). CaSiNo: A "
    "corpus of campsite negotiation dialogues for automatic negotiation systems. NAACL 2021.",
    rewards={
        "own": "points of the learner, 5 to 36",
        "joint": "points of both sides",
        "agreement": "1 with a deal, 0 without",
    },
    learners=AGENTS,
    read=read,
    note="Deal actions become moves in brackets; labels that do not align are left out.",
)
