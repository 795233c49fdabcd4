"""From the answers of a mapping to its run: what is taken, and what is told of the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from shutil import copyfile
from typing import Any

from negosim.errors import UserError
from negosim.gnome._answers import ANSWERS, AnswerFile, AnswerRow
from negosim.gnome._clusters import domain_clusters
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._labels import label_map
from negosim.gnome._mappers import RULES
from negosim.gnome._post import DROPS, PostProcessed, post_process
from negosim.gnome._write import RunStory, WrittenDialogue, write_run
from negosim.records import total_usd
from negosim.store import Run


def finish_mapping(
    place: Path,
    seeds: Sequence[StrategyDialogue],
    answers: AnswerFile,
    settings: Mapping[str, Any],
    most_left: float,
) -> Run:
    """Post-process the answers and make the run of what is taken.

    Raises:
        UserError: nothing is taken, or the folder cannot be written.

    """
    rows = answers.rows
    done = post_process((row.answer() for row in rows), seeds, most_left=most_left)
    if not done.taken:
        reasons = "; ".join(f"{count:,} {DROPS[reason]}" for reason, count in done.drops().items() if count)
        raise UserError(f"no mapped dialogue can be used: {reasons}; the answers are in {answers.folder}")
    by_id = {row.answer().id: row for row in rows}
    written = [
        WrittenDialogue(
            dialogue,
            settings["mapper"],
            by_id[id].seed,
            {"copy": by_id[id].copy_number, "domain_asked": by_id[id].wish or None},
        )
        for id, dialogue in done.taken.items()
    ]
    run = write_run(place, written, _story(rows, done, answers, settings, most_left))
    copyfile(answers.folder / ANSWERS, place / ANSWERS)
    return run


def _story(
    rows: Sequence[AnswerRow],
    done: PostProcessed,
    answers: AnswerFile,
    settings: Mapping[str, Any],
    most_left: float,
) -> RunStory:
    account = answers.account()
    cost = {
        "calls": sum(row.calls for row in account),
        "tokens_in": sum(row.tokens_in for row in account),
        "tokens_out": sum(row.tokens_out for row in account),
        "usd": total_usd(row.usd for row in account),
    }
    by_rules = settings["mapper"] == RULES
    kept = {key: value for key, value in settings.items() if key != "domains"}
    return RunStory(
        "Negotiations mapped into other domains",
        "Mapped by rules with typed lexicons, no language model; labels are the source utterances'."
        if by_rules
        else "Mapped by a language model; labels are those of the source utterances.",
        seed=settings["seed"],
        settings={
            **kept,
            "domains_asked": len(settings["domains"]),
            "most_left": most_left,
            "mapped": len(rows),
            "drops": done.drops(),
            "drops_by_source": _by_source(done),
            "distinct_domains": distinct_domains(done.taken.values()),
            "cost": cost,
        },
        left_out={DROPS[reason]: count for reason, count in done.drops().items()},
        altered={f"end markers mended: {fault}": count for fault, count in sorted(done.repaired.items())},
    )


def distinct_domains(dialogues: Iterable[StrategyDialogue]) -> dict[str, Any] | None:
    """Return how many domains mapped dialogues are in, and examples, as JSON has it."""
    clusters = domain_clusters([item.domain for item in dialogues if item.domain])
    return None if clusters is None else asdict(clusters) | {"examples": list(clusters.examples)}


def _by_source(done: PostProcessed) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for id, reason in done.dropped.items():
        source = next(name for name in label_map().sources if id.startswith(f"{name}-"))
        own = counts.setdefault(source, {})
        own[reason] = own.get(reason, 0) + 1
    return counts
