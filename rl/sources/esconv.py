"""ESConv (Liu et al. 2021): emotional support; the standard set, its tokenised form, the failed ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from negosim.agents.users import SUPPORT
from negosim.rl._card import Drops
from negosim.rl._trajectory import MetaValue, TrajectoryTurn
from negosim.rl.policy_text import brief_of
from negosim.rl.sources._row import BadRowError, Row
from negosim.rl.sources._rows import rows_of
from negosim.rl.sources._source import Found, Source, SourceFile
from negosim.rl.sources._text import detokenize

_ROLES = {
    **dict.fromkeys(("usr", "seeker", "speaker"), "user"),
    **dict.fromkeys(("sys", "supporter", "listener"), "agent"),
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


def read(files: Sequence[SourceFile], learner: int, drops: Drops) -> Iterator[Found]:
    """Yield the dialogues of the files, with how far the seeker's distress fell.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        for row in rows_of(file.path, file.name):
            try:
                yield _found(file, row, drops)
            except BadRowError as error:
                drops.add(str(error), row.where)


def _found(file: SourceFile, entry: Row, drops: Drops) -> Found:
    if entry.problem:
        raise BadRowError(entry.problem)
    row = entry.content
    if not isinstance(row, Mapping) or not isinstance(row.get("dialog"), list):
        raise BadRowError("no dialogue ('dialog' must be a list of turns)")
    before, after = _intensities(row)
    turns = [_turn(turn, drops) for turn in row["dialog"]]
    meta: dict[str, MetaValue] = {
        "task": SUPPORT,
        "initial_intensity": before,
        "final_intensity": after,
        "failed": "failed" in file.path.stem.casefold(),
    }
    for name in ("emotion_type", "problem_type", "situation"):
        if isinstance(row.get(name), str):
            meta[name] = " ".join(row[name].split())
    return Found(
        id=f"{file.label}-{entry.name}",
        where=entry.where,
        turns=turns,
        rewards={"own": float(before - after)},
        record=row,
        system=brief_of(SUPPORT),
        split=file.split_of(entry),
        meta=meta,
    )


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


def _turn(turn: Any, drops: Drops) -> TrajectoryTurn:
    if not isinstance(turn, Mapping):
        raise BadRowError("a turn is no object")
    role = _ROLES.get(str(turn.get("speaker")))
    if role is None:
        raise BadRowError(f"speaker is {turn.get('speaker')!r}, not one of {', '.join(_ROLES)}")
    text = detokenize(str(turn["text"])) if "text" in turn else " ".join(str(turn.get("content", "")).split())
    if not text:
        raise BadRowError("a turn has no text")
    names = _strategies(turn)
    if names and role == "user":
        raise BadRowError("a strategy on the seeker's turn: roles are mixed up")
    tactics: dict[str, None] = {}
    for name in names:
        if (tactic := STRATEGIES.get(name.casefold())) is None:
            drops.altered[f"unknown strategy {name!r} left out"] += 1
        else:
            tactics[tactic] = None
    return TrajectoryTurn.model_validate({"role": role, "text": text, "tactic": "+".join(tactics) or None})


def _strategies(turn: Mapping[str, Any]) -> list[str]:
    annotation = turn.get("annotation")
    holder = annotation if isinstance(annotation, Mapping) else turn
    given = holder.get("all_strategy") or holder.get("strategy") or []
    return [given] if isinstance(given, str) else [str(name) for name in given]


SOURCE = Source(
    id="esconv",
    task=SUPPORT,
    licence="CC BY-NC 4.0",
    citation="Liu, S., Zheng, C., Demasi, O., Sabour, S., Li, Y., Yu, Z., Jiang, Y., & Huang, M. (2021). "
    "Towards emotional support dialog systems. ACL 2021.",
    rewards={"own": "initial minus final emotional intensity of the seeker, each 1 to 5"},
    learners=("supporter",),
    read=read,
    note="Tokenised texts are joined up; strategy names of all versions are mapped to one taxonomy.",
)
