"""The published sets: what is used of them, and in which classes, equals a parse without negosim."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from negosim.gnome import SourceCounts, label_map
from negosim.gnome._labels import map_digest
from negosim.gnome._sources import _count, _published
from negosim.importing import read_source, recorded

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

Parsed = Iterator[list[tuple[str, ...]]]
"""Of each dialogue, the labels of each utterance that somebody could label."""


def there(folder: str) -> Path:
    """Return a published set beside the repository, or skip the test."""
    place = DATA / folder
    if not place.is_dir():
        pytest.skip(f"the published set {place} is not there")
    return place


def casino(place: Path) -> Parsed:
    moves = {"Submit-Deal", "Accept-Deal", "Reject-Deal", "Walk-Away"}
    for file in place.glob("*.json"):
        for row in json.loads(file.read_text()):
            said = [log["text"] for log in row["chat_logs"] if log["text"] not in moves]
            if row["annotations"] and [text for text, _ in row["annotations"]] == said:
                yield [tuple(filter(None, names.split(","))) for _, names in row["annotations"]]


def craigslist(place: Path) -> Parsed:
    for row in json.loads((place / "validation.json").read_text()):
        events = [one for one in row["events"] if one["action"] != "message" or one["data"].strip()]
        intents = [(one["metadata"] or {}).get("intent") for one in events]
        said = [
            (intent,) if intent else ()
            for one, intent in zip(events, intents, strict=True)
            if one["action"] == "message"
        ]
        if any(intents) and intents[-1] in ("accept", "reject") and len(said) >= 4:
            yield said


def classes(source: str, parsed: Iterable[list[tuple[str, ...]]]) -> Counter[str]:
    """Count utterances by class, with the map as data and nothing else of negosim's."""
    known = label_map().sources[source].labels
    return Counter(
        name
        for dialogue in parsed
        for labels in dialogue
        for name in {known[_id(label)] for label in labels if _id(label) in known}
    )


def _id(label: str) -> str:
    return label.strip().replace("_", "-").casefold()


def counts(source: str, place: Path) -> SourceCounts:
    """Return what `labelled` counts of a run with these dialogues, without writing one."""
    found = SourceCounts()
    for dialogue, _, _ in recorded(read_source(place)):
        found.found += 1
        if (used := _published(dialogue, source, found)) is not None:
            _count(found, used)
    return found


@pytest.mark.parametrize(
    ("source", "folder", "parse"),
    [("casino", "casino", casino), ("craigslist", "craigslistbargain", craigslist)],
)
def test_used_dialogues_utterances_and_classes_are_those_of_an_independent_parse(
    source: str, folder: str, parse: Any
) -> None:
    parsed = list(parse(there(folder)))
    found = counts(source, there(folder))
    assert found.used == len(parsed)
    assert found.utterances == sum(map(len, parsed))
    assert found.classes == classes(source, parsed)
    assert found.found == found.used + found.dropped.total()


def test_the_map_is_frozen() -> None:
    """Another map moves all figures: it needs another version, and then another hash here."""
    assert label_map().version == 1
    assert map_digest() == "sha256:2469b584ef5af98ba6c20f04f45b7632172eb6d66d0db0c332ff562d956c85d7"
