"""ESConv (Liu et al. 2021): emotional support; the standard set, its tokenised form, the failed ones."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import dialogues_of
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, Said, SourceFile
from negosim.importing._text import detokenize
from negosim.records import Fact, Measurement
from negosim.scenarios import Moment, Scenario, load_scenario

SUPPORTER, SEEKER = 0, 1
"""Positions in the scenario `support`."""

_ROLES = {
    **dict.fromkeys(("usr", "seeker", "speaker"), SEEKER),
    **dict.fromkeys(("sys", "supporter", "listener"), SUPPORTER),
}
"""Each file has its own names; "speaker" is the one who seeks help."""

STRATEGIES = {
    "question": "question",
    "questions": "question",
    "restatement": "restatement",
    "restatement or paraphrasing": "restatement",
    "reflection of feelings": "reflection-of-feelings",
    "self-disclosure": "self-disclosure",
    "affirmation and reassurance": "affirmation",
    "approval and reassurance": "affirmation",
    "providing suggestions": "suggestion",
    "direct guidance": "suggestion",
    "providing suggestions or information": "suggestion",
    "information": "information",
    "greeting": "greeting",
    "greetings": "greeting",
    "other": "other",
    "others": "other",
}
"""From the names of the files to the ids of the taxonomy `emotional-support`."""

_INTENSITIES = ("1", "2", "3", "4", "5")

LABELS = {
    "question": "asks about the problem, so that the other can say more",
    "restatement": "says in other words what the other has just told",
    "reflection-of-feelings": "puts into words what the other feels",
    "self-disclosure": "tells of something alike in one's own life",
    "affirmation": "names the other's strengths, or assures them that they can cope",
    "suggestion": "says what the other could do",
    "information": "gives facts, figures, places to turn to",
    "greeting": "greets or takes leave",
    "other": "none of the other strategies",
}


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has rows of ESConv."""
    return any({"dialog", "emotion_type", "problem_type"} <= row.keys() for row in rows)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Return the dialogues of the files, with how far the seeker's distress fell.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    scenario = load_scenario("support")
    return dialogues_of(files, drops, lambda file, row: _found(file, row, scenario, drops))


def _found(file: SourceFile, entry: Row, scenario: Scenario, drops: Drops) -> ImportedDialogue:
    row = entry.content
    if not isinstance(row, Mapping) or not isinstance(row.get("dialog"), list):
        raise BadRowError("no dialogue ('dialog' must be a list of turns)")
    before, after = _intensities(row)
    turns = [_turn(turn, drops) for turn in row["dialog"]]
    if all(turn.role == SEEKER for turn in turns):
        raise BadRowError("the agent never speaks")
    facts: dict[str, Fact] = {
        "initial_intensity": before,
        "final_intensity": after,
        "failed": "failed" in file.path.stem.casefold(),
    }
    for name in ("emotion_type", "problem_type", "situation"):
        if isinstance(row.get(name), str):
            facts[name] = " ".join(row[name].split())
    return ImportedDialogue(
        id=f"{file.label}-{entry.name}",
        where=entry.where,
        scenario=scenario,
        frame=scenario,
        turns=turns,
        measurements=(_felt("before", 0, before), _felt("after", len(turns), after)),
        facts=facts,
        split=file.split_of(entry),
    )


def _felt(moment: Moment, turns: int, value: int) -> Measurement:
    return Measurement(measure="intensity", role=SEEKER, moment=moment, turns=turns, status="ok", value=value)


def _intensities(row: Mapping[str, Any]) -> tuple[int, int]:
    survey = row.get("survey_score")
    if isinstance(survey, Mapping):
        seeker = survey.get("seeker") or {}
        given = seeker.get("initial_emotion_intensity"), seeker.get("final_emotion_intensity")
    else:
        given = row.get("init_intensity"), row.get("final_intensity")
    for name, value in zip(("initial", "final"), given, strict=True):
        if value is None:
            raise BadRowError(f"no {name} intensity")
        if str(value).removesuffix(".0") not in _INTENSITIES:
            raise BadRowError(f"{name} intensity is {value!r}, not 1 to 5")
    before, after = (int(str(value).removesuffix(".0")) for value in given)
    return before, after


def _turn(turn: Any, drops: Drops) -> Said:
    if not isinstance(turn, Mapping):
        raise BadRowError("a turn is no object")
    role = _ROLES.get(str(turn.get("speaker")))
    if role is None:
        raise BadRowError(f"speaker is {turn.get('speaker')!r}, not one of {', '.join(_ROLES)}")
    text = detokenize(str(turn["text"])) if "text" in turn else " ".join(str(turn.get("content", "")).split())
    if not text:
        raise BadRowError("a turn has no text")
    names = _strategies(turn)
    if names and role == SEEKER:
        raise BadRowError("a strategy on the seeker's turn: roles are mixed up")
    labels: dict[str, None] = {}
    for name in names:
        if (label := STRATEGIES.get(name.casefold())) is None:
            drops.altered[f"unknown strategy {name!r} left out"] += 1
        else:
            labels[label] = None
    return Said(role, text, labels=tuple(labels))


def _strategies(turn: Mapping[str, Any]) -> list[str]:
    annotation = turn.get("annotation")
    holder = annotation if isinstance(annotation, Mapping) else turn
    given = holder.get("all_strategy") or holder.get("strategy") or []
    return [given] if isinstance(given, str) else [str(name) for name in given]


IMPORTER = Importer(
    title="ESConv: emotional support between people",
    licence="CC BY-NC 4.0",
    citation="Liu, S., Zheng, C., Demasi, O., Sabour, S., Li, Y., Yu, Z., Jiang, Y., & Huang, M. (2021). "
    "Towards emotional support dialog systems. ACL 2021.",
    reward="initial minus final emotional intensity of the seeker, each 1 to 5",
    note="Tokenised texts are joined up; strategy names of all versions are mapped to one taxonomy.",
    recognises=recognises,
    read=read,
    labels=LABELS,
)
