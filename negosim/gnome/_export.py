"""Export of a labelled corpus for others: JSON lines with a data card."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from negosim._files import check_free, whole_folder, write_whole
from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._finish import distinct_domains
from negosim.gnome._labels import label_map, map_digest
from negosim.gnome._skew import strategy_shares
from negosim.gnome._sources import MAPPED, labelled, source_of
from negosim.gnome._write import CITATION, licences
from negosim.store import Run

LINES, CARD, README = "dialogues.jsonl", "card.json", "README.md"


def export_corpus(runs: Sequence[Run], out: str | Path) -> dict[str, Any]:
    """Write labelled dialogues as JSON lines, with a data card; the folder appears whole or not at all.

    A line is a dialogue: id, source, parent, group (what no split may divide), domain, mapper, and utterances
    with speaker (0 or 1), text and strategies.

    Args:
        runs: mapped runs, seed sets, imported data sets.
        out: the folder to make.

    Returns:
        The data card.

    Raises:
        UserError: there is nothing to export, or the folder cannot be written.

    """
    place = Path(out).expanduser()
    check_free(place)
    found = labelled(runs)
    if not found.dialogues:
        raise UserError("the runs have no labelled dialogue to export: see negosim gnome sources")
    mappers = {
        dialogue.id: dialogue.models[0] for run in runs if source_of(run) == MAPPED for dialogue in run
    }
    card = _card(runs, found.dialogues, mappers)
    with whole_folder(place) as part:
        lines = (orjson.dumps(_line(item, mappers.get(item.id, "human"))) for item in found.dialogues)
        write_whole(part / LINES, b"\n".join(lines) + b"\n")
        write_whole(part / CARD, orjson.dumps(card, option=orjson.OPT_INDENT_2))
        write_whole(part / README, _readme(card).encode())
    return card


def _line(dialogue: StrategyDialogue, mapper: str) -> dict[str, Any]:
    return {
        "id": dialogue.id,
        "source": dialogue.source,
        "parent": dialogue.parent,
        "group": dialogue.group,
        "domain": dialogue.domain,
        "mapper": mapper,
        "utterances": [
            {"speaker": item.role, "text": item.text, "strategies": list(item.strategies)}
            for item in dialogue.utterances
        ],
    }


def _card(
    runs: Sequence[Run], dialogues: Sequence[StrategyDialogue], mappers: Mapping[str, str]
) -> dict[str, Any]:
    sources = list(dict.fromkeys(dialogue.source for dialogue in dialogues))
    origins = [run.header.imported for run in runs if run.header.imported is not None]
    citations = [CITATION, *(origin.citation for origin in origins if origin.citation)]
    return {
        "title": "Negotiation dialogues with a strategy for each utterance",
        "dialogues": len(dialogues),
        "utterances": sum(len(dialogue.utterances) for dialogue in dialogues),
        "by_source": dict(Counter(dialogue.source for dialogue in dialogues)),
        "mapped_by": dict(Counter(mappers.get(item.id, "human") for item in dialogues)),
        "domains": distinct_domains(dialogues),
        "strategies": label_map().classes,
        "shares": {name: round(share, 4) for name, share in strategy_shares(dialogues).items()},
        "label_map": map_digest(),
        "labels_by": {name: label_map().source(name).labelled_by for name in sources},
        "licences": licences(sources),
        "citations": [*dict.fromkeys(citations)],
        "left_out": [{"run": origin.title, **dict(origin.left_out)} for origin in origins if origin.left_out],
        "altered": [{"run": origin.title, **dict(origin.altered)} for origin in origins if origin.altered],
        "settings": [dict(origin.settings) for origin in origins if origin.source == MAPPED],
        "notes": [
            "A mapped dialogue keeps its parent's structure: split by `group`, never by dialogue.",
            "Strategies of mapped dialogues are those of their sources; nobody has labelled them anew.",
        ],
    }


def _readme(card: Mapping[str, Any]) -> str:
    counts = "\n".join(f"- {name}: {count:,} dialogues" for name, count in card["by_source"].items())
    mapped = ", ".join(f"{name} ({count:,})" for name, count in card["mapped_by"].items())
    domains = card["domains"]
    told = (
        f"{domains['distinct']} of {domains['titles']} titles ({domains['by']})"
        if domains
        else "the sources'"
    )
    dropped = [
        f"- {reason}: {count:,}"
        for entry in card["left_out"]
        for reason, count in entry.items()
        if reason != "run" and count
    ]
    notes = "\n".join(f"- {note}" for note in card["notes"])
    return (
        f"# {card['title']}\n\n{card['dialogues']:,} dialogues, {card['utterances']:,} utterances "
        f"(`{LINES}`; the card in full: `{CARD}`).\n\n## Sources\n{counts}\n\n"
        f"Licences: {card['licences']}\n\n"
        f"Said or mapped by: {mapped}. Distinct domains: {told}.\n\n## Left out\n"
        + ("\n".join(dropped) or "nothing")
        + f"\n\n## Notes\n{notes}\n\n## Cite\n"
        + "\n".join(f"- {citation}" for citation in card["citations"])
        + "\n"
    )
