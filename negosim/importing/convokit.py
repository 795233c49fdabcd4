"""ConvoKit's form (Chang et al. 2020): utterances.jsonl, with conversations, speakers and more beside it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._json import json_rows
from negosim.importing._row import Row
from negosim.importing._rows import rows_of
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks, fact_of, labels_in

_BESIDE = ("conversations.json", "speakers.json", "users.json", "corpus.json", "index.json")

_LABELS = ("strategy", "strategies", "label", "labels", "annotation", "annotations", "act", "acts", "tactic")
_OFFERS = ("offer", "price")
_SIDES = ("side", "role")


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has ConvoKit's utterances."""
    return any(
        {"id", "text"} <= row.keys() and ({"speaker", "user"} & row.keys()) and _root_field(row) is not None
        for row in rows
    )


def _root_field(row: Mapping[str, Any]) -> str | None:
    return next((name for name in ("conversation_id", "root") if name in row), None)


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the conversations in the order of reply and time.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        beside = file.path.parent
        conversations, speakers = _metas(beside, "conversations"), _metas(beside, "speakers", "users")
        name = beside.resolve().name if file.path.stem == "utterances" else file.label
        talks = Talks(name, options, drops)
        rows: dict[str, list[Row]] = defaultdict(list)
        for row in rows_of(file.path, file.name):
            problem = row.problem or _problem(row.content)
            if problem:
                drops.add(problem, row.where)
                continue
            rows[str(row.content[_root_field(row.content)])].append(row)
        for id in list(rows):
            ordered = _ordered(rows.pop(id), drops)
            lines = [_line(row.content) for row in ordered]
            sides = {line.speaker: _side(speakers.get(line.speaker, {})) for line in lines}
            meta = conversations.get(id, {})
            about = AboutTalk(
                outcome=meta.get("outcome"),
                positions={speaker: side for speaker, side in sides.items() if side},
                facts={str(key): fact_of(value) for key, value in meta.items()},
                deal=_deal(meta),
                split=file.split_of(ordered[0]),
            )
            found = talks.dialogue(id, ordered[0].where, lines, about)
            if found is not None:
                yield found


def _problem(content: Any) -> str | None:
    if not isinstance(content, Mapping):
        return "no object"
    if _root_field(content) is None:
        return "no field conversation_id"
    speaker = content.get("speaker", content.get("user"))
    if not isinstance(speaker, str | Mapping):
        return f"speaker is {speaker!r}, no name"
    return None if isinstance(content.get("text"), str | None) else "text is no text"


def _metas(folder: Path, *names: str) -> dict[str, Mapping[str, Any]]:
    """Return what is known of conversations or speakers, by id."""
    for name in names:
        file = folder / f"{name}.json"
        if file.is_file():
            (row,) = json_rows(file, file.name) or (Row(file.name, 1, {}),)
            content = row.content if isinstance(row.content, Mapping) else {}
            return {str(id): _meta(given) for id, given in content.items()}
    return {}


def _meta(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        return {}
    inner = given.get("meta", given)
    return inner if isinstance(inner, Mapping) else {}


def _ordered(rows: list[Row], drops: Drops) -> list[Row]:
    """Return utterances in order: by time where all have one, else along the replies."""
    times = [_time(row.content.get("timestamp")) for row in rows]
    if None not in times:
        order = sorted(range(len(rows)), key=lambda place: (times[place] or 0.0, place))
    else:
        order = _by_reply(rows)
    if order != list(range(len(rows))):
        drops.altered["utterances out of order sorted by time or reply (dialogues)"] += 1
    return [rows[place] for place in order]


def _time(given: object) -> float | None:
    try:
        return float(str(given))
    except ValueError:
        return None


def _by_reply(rows: list[Row]) -> list[int]:
    places = {str(row.content.get("id")): place for place, row in enumerate(rows)}
    answers: dict[int | None, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        before = row.content.get("reply-to", row.content.get("reply_to"))
        answers[places.get(str(before)) if before is not None else None].append(place)
    order: list[int] = []
    waiting = list(reversed(answers[None]))
    while waiting:
        place = waiting.pop()
        order.append(place)
        waiting += reversed(answers[place])
    return order + [place for place in range(len(rows)) if place not in set(order)]


def _line(content: Mapping[str, Any]) -> TalkLine:
    speaker = content.get("speaker", content.get("user"))
    name = str(speaker.get("id", "")) if isinstance(speaker, Mapping) else str(speaker)
    meta = content.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    labels = next((labels_in(meta[field]) for field in _LABELS if meta.get(field)), ())
    return TalkLine(name, content.get("text") or "", labels, offer=_deal(meta))


def _deal(meta: Mapping[str, Any]) -> Mapping[str, object]:
    """Return what is offered or settled, by the name that all offers of the source have."""
    for field in _OFFERS:
        value = meta.get(field)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"price": value}
    return {}


def _side(meta: Mapping[str, Any]) -> str:
    return next((str(meta[field]) for field in _SIDES if isinstance(meta.get(field), str)), "")


IMPORTER = Importer(
    title="A corpus in ConvoKit's form",
    note="Utterances are ordered by time or reply; strategies in meta are labels, offers are offers.",
    recognises=recognises,
    read=read,
    beside=lambda file: file.name in _BESIDE,
)
