"""CaSiNo (Chawla et al. 2021): two campers share out packages of food, water and firewood."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import dialogues_of
from negosim.importing._source import (
    PARTICIPANTS,
    ImportedDialogue,
    Importer,
    ImportOptions,
    Rating,
    Rows,
    Said,
    SourceFile,
)
from negosim.records import Action, Fact, agent_perspective
from negosim.scenarios import Issue, Option, Payoff, Role, Scenario

MOST = 36
"""Points of one who gets everything: three packages each at 5, 4 and 3 points."""

AGENTS = ("mturk_agent_1", "mturk_agent_2")

_WORTH = {"High": 5.0, "Medium": 4.0, "Low": 3.0}
_WITHOUT = 5.0
"""Points of one who walks away."""

_ITEMS = ("Food", "Water", "Firewood")
_ISSUES = tuple(
    Issue(
        id=item.casefold(),
        name=f"{item} packages for Camper 1",
        phrase=f"the packages of {item.casefold()}",
        options=tuple(Option(id=str(n), label=f"{n} of {item.casefold()}") for n in range(4)),
    )
    for item in _ITEMS
)

_MOVES: dict[str, Action] = {
    "Submit-Deal": "offer",
    "Accept-Deal": "accept",
    "Reject-Deal": "talk",
    "Walk-Away": "walk_away",
}

_SATISFACTION = ("Extremely dissatisfied", "Slightly dissatisfied", "Undecided", "Slightly satisfied")
_LIKENESS = ("Extremely dislike", "Slightly dislike", "Undecided", "Slightly like", "Extremely like")
_SCALES = {
    "satisfaction": (*_SATISFACTION, "Extremely satisfied"),
    "opponent-likeness": _LIKENESS,
}

LABELS = {
    "small-talk": "talks about other things than the packages, to get along",
    "showing-empathy": "takes part in what the other feels or needs, in words",
    "promote-coordination": "works towards a deal together: suggests a split, a trade, a next step",
    "no-need": "says that something is hardly needed, so that it can be given away",
    "elicit-pref": "asks what the other wants or needs",
    "uv-part": "talks down what the other says they need",
    "vouch-fair": "calls a split fair or unfair",
    "self-need": "gives a need of one's own as the reason for wanting something",
    "other-need": "gives the need of somebody one is with as the reason for wanting something",
    "non-strategic": "none of the other strategies",
}


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has rows of CaSiNo."""
    return any({"chat_logs", "participant_info"} <= row.keys() for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Return the negotiations of the files, with what everything was worth to both.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    return dialogues_of(files, drops, lambda file, row: _found(file, row, drops))


def _found(file: SourceFile, entry: Row, drops: Drops) -> ImportedDialogue:
    row = entry.content
    # The order of the participants differs from row to row: they are told apart by id, never by position.
    info, logs = row["participant_info"], row["chat_logs"]
    if set(info) != set(AGENTS) or {log["id"] for log in logs} - set(AGENTS):
        raise BadRowError(f"participants are not {' and '.join(AGENTS)}")
    last = logs[-1]["text"] if logs else ""
    if last not in ("Accept-Deal", "Walk-Away"):
        raise BadRowError("neither accepted nor walked away from")
    sides = [info[agent] for agent in AGENTS]
    points = [_points(side) for side in sides]
    labels = _labels(row, drops)
    turns = [_said(log, labels[position]) for position, log in enumerate(logs)]
    # The hub's copy has no ids.
    id = row.get("dialogue_id")
    return ImportedDialogue(
        id=str(id) if id is not None else f"{file.label}-{entry.name}",
        where=entry.where,
        scenario=_scenario(sides),
        frame=frame(),
        turns=turns,
        values=None if None in points else tuple(point for point in points if point is not None),
        ratings=tuple(rating for role, side in enumerate(sides) for rating in _ratings(side, role)),
        end="walk_away" if last == "Walk-Away" else "ended",
        facts=dict(fact for role, side in enumerate(sides) for fact in _facts(side, role)),
        split=file.split_of(entry),
    )


def _points(participant: Mapping[str, Any]) -> float | None:
    given = participant["outcomes"].get("points_scored")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= MOST:
        raise BadRowError(f"points_scored is {given!r}, no number from 0 to {MOST}")
    return float(given)


def _labels(row: Mapping[str, Any], drops: Drops) -> list[tuple[str, ...]]:
    """Return the labels of every log entry; deal actions have none, and are no part of the annotation."""
    logs, annotations = row["chat_logs"], row.get("annotations") or []
    spoken = [position for position, log in enumerate(logs) if log["text"] not in _MOVES]
    found: list[tuple[str, ...]] = [()] * len(logs)
    if not annotations:
        return found
    if [logs[position]["text"] for position in spoken] != [text for text, _ in annotations]:
        drops.altered["labels left out: they do not align with the utterances"] += 1
        return found
    for position, (_, names) in zip(spoken, annotations, strict=True):
        found[position] = tuple(name.strip() for name in names.split(",") if name.strip())
    return found


def _said(log: Mapping[str, Any], labels: tuple[str, ...]) -> Said:
    text, role = " ".join(log["text"].split()), AGENTS.index(log["id"])
    if not text:
        raise BadRowError("an utterance has no text")
    if text not in _MOVES:
        return Said(role, text, labels=labels)
    offer = None
    if text == "Submit-Deal":
        mine = {item.casefold(): int(count) for item, count in log["task_data"]["issue2youget"].items()}
        offer = {issue.id: str(mine[issue.id] if role == 0 else 3 - mine[issue.id]) for issue in _ISSUES}
    return Said(role, text, _MOVES[text], offer, wordless=True)


def _ratings(side: Mapping[str, Any], role: int) -> Iterator[Rating]:
    for question, scale in _SCALES.items():
        given = side["outcomes"].get(question.replace("-", "_"))
        if given in scale:
            grade = scale.index(given) + 1
            yield Rating(question, grade, PARTICIPANTS, agent_perspective(role), role)


def _facts(side: Mapping[str, Any], role: int) -> Iterator[tuple[str, Fact]]:
    """Yield what is told of a participant, by names that begin with the agent's."""
    personality = side.get("personality") or {}
    told = {
        **(side.get("demographics") or {}),
        "svo": personality.get("svo"),
        **(personality.get("big-five") or {}),
    }
    for name, value in told.items():
        if isinstance(value, str | int | float):
            yield f"agent_{role + 1}_{name.replace('-', '_')}", value


def _scenario(sides: Sequence[Mapping[str, Any]]) -> Scenario:
    roles = tuple(
        _role(role, side, number)
        for number, (role, side) in enumerate(zip(frame().roles, sides, strict=True))
    )
    return frame().model_copy(update={"roles": roles})


def _role(role: Role, side: Mapping[str, Any], number: int) -> Role:
    worth = {side["value2issue"][level].casefold(): points for level, points in _WORTH.items()}
    tables = {
        item.casefold(): {str(n): worth[item.casefold()] * (n if number == 0 else 3 - n) for n in range(4)}
        for item in _ITEMS
    }
    reasons = "\n".join(
        f"- {side['value2issue'][level]} ({points:g} points a package): {side['value2reason'][level]}"
        for level, points in _WORTH.items()
    )
    return role.model_copy(
        update={
            "brief": f"{role.brief}\n{reasons}",
            "payoff": Payoff(reservation=_WITHOUT, target=float(MOST), issues=tables),
        }
    )


@lru_cache
def frame() -> Scenario:
    """Return what all negotiations of the set have in common: all but what each package is worth to whom."""
    roles = tuple(
        Role(
            id=f"camper-{number}",
            name=f"Camper {number}",
            position="somebody about to go camping",
            brief="You want packages for your camping trip. What you need most, and why:",
            interests=("packages of what one needs most",),
            alternative="walking away",
            priors={},
            lines={},
        )
        for number in (1, 2)
    )
    return Scenario(
        schema_version=2,
        id="casino",
        title="Packages for two camping trips",
        source="Chawla et al. (2021), CaSiNo",
        summary="Two camping neighbours share out packages of food, water and firewood.",
        context=(
            "Two neighbours on a campsite share out three packages each of food, water and firewood, on top "
            "of what both have already. They talk until one submits a deal that the other accepts, or until "
            "one walks away. A deal says how many packages of each Camper 1 gets; Camper 2 gets the rest."
        ),
        opener="camper-1",
        issues=_ISSUES,
        roles=roles,
    )


IMPORTER = Importer(
    title="CaSiNo: campsite negotiations between people",
    licence="CC BY 4.0",
    citation="Chawla, K., Ramirez, J., Clever, R., Lucas, G., May, J., & Gratch, J. (2021). CaSiNo: A "
    "corpus of campsite negotiation dialogues for automatic negotiation systems. NAACL 2021.",
    reward="points of the learner, 5 to 36",
    note="Deal actions become moves; labels that do not align are left out.",
    recognises=recognises,
    read=read,
    labels=LABELS,
    ratings={
        "satisfaction": (
            "How satisfied is {agent} with the result?",
            dict(enumerate(_SCALES["satisfaction"], 1)),
        ),
        "opponent-likeness": ("How much does {agent} like the other?", dict(enumerate(_LIKENESS, 1))),
    },
)
