"""`negosim gnome sources`: labelled dialogues, what of them is used, and the seed set."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from negosim._text import plural
from negosim.cli.runs import run_folder
from negosim.gnome import TOP, StrategyDialogue, label_map, labelled, seed_set, strategy_shares, write_seeds
from negosim.gnome import LabelledSources as Found
from negosim.store import Run
from negosim.terminal import console_for, print_rows

RUNS = typer.Argument(
    metavar="RUN...", help="Run folders of imported data sets (negosim import), or of negosim gnome."
)
TopK = Annotated[
    int,
    typer.Option(
        "--top", min=1, metavar="K", help="Dialogues of each source: those richest in rare strategies."
    ),
]


def sources(
    runs: Annotated[list[str], RUNS],
    top: TopK = TOP,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep the chosen dialogues as a run.", show_default="not kept"),
    ] = None,
) -> None:
    """Read labelled dialogues, say what of them is used and how even their strategies are, and choose seeds.

    Beside the counts stand the paper's. Shares of strategies are shown for all, and for the chosen ones.
    """
    found = labelled([Run.open(run_folder(run)) for run in runs])
    chosen = seed_set(found.dialogues, top) if found.dialogues else []
    _tell_counts(found)
    _tell_shares(found, chosen)
    if out is not None:
        write_seeds(out, chosen, {"top": top})
        typer.echo(f"{plural(len(chosen), 'seed dialogue')}: {out}")


def _tell_counts(found: Found) -> None:
    rows = [
        [
            label_map().source(name).title,
            label_map().source(name).labelled_by,
            f"{label_map().source(name).published:,}",
            f"{counts.found:,}",
            f"{counts.used:,}",
            f"{counts.utterances:,}",
            f"{counts.several:,}",
        ]
        for name, counts in found.counts.items()
    ]
    headings = ("source", "labels by", "paper's dialogues", "found", "used", "utterances", "with several")
    print_rows(console_for(), headings, rows, whole=("source",), numbers=headings[2:])
    for line in _dropped(found):
        typer.echo(line)


def _dropped(found: Found) -> Iterator[str]:
    for name, counts in found.counts.items():
        title = label_map().source(name).title
        for reason, count in counts.dropped.most_common():
            yield f"{title}: dropped {plural(count, 'dialogue')}: {reason}"
        if counts.wordless:
            yield f"{title}: left out {plural(counts.wordless, 'move')} without words"
        if counts.unlabelled:
            yield f"{title}: {plural(counts.unlabelled, 'utterance')} without a class stay as context"
        for label, count in counts.unknown.most_common():
            yield f"{title}: label {label!r} is not in the map: left out {count:,} times"


def _tell_shares(found: Found, chosen: list[StrategyDialogue]) -> None:
    typer.echo()
    names = label_map().names
    rows = []
    for title, dialogues in [
        ("all", found.dialogues),
        ("chosen", chosen),
        *(
            (f"{label_map().source(name).title}{which}", own)
            for name in found.counts
            for which, own in (
                ("", found.of(name)),
                (", chosen", [item for item in chosen if item.source == name]),
            )
        ),
    ]:
        shares = strategy_shares(dialogues)
        rows.append([title, f"{len(dialogues):,}", *(f"{shares.get(name, 0.0):.3f}" for name in names)])
    headings = ("share of labels", "dialogues", *names)
    print_rows(console_for(), headings, rows, whole=("share of labels",), numbers=headings[1:])
