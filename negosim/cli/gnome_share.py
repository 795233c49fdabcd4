"""`negosim gnome pairs|agreement|export`: people grade mapped dialogues; the corpus for others."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from negosim._text import plural
from negosim.cli.gnome import RUNS
from negosim.cli.runs import run_folder
from negosim.gnome import PAIRS, SAMPLE, export_corpus, pair_agreement, write_pairs
from negosim.store import Run
from negosim.terminal import console_for, print_rows


def pairs(
    run: Annotated[str, typer.Argument(metavar="MAPPED", help="A run of negosim gnome map.")],
    sources: Annotated[list[str], typer.Argument(metavar="RUN...", help="The runs it was mapped from.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The run folder to make.")],
    sample: Annotated[int, typer.Option(min=1, metavar="N", help="How many pairs.")] = SAMPLE,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed draws other pairs.")] = 0,
) -> None:
    """Draw pairs of source and mapped dialogue, for people to grade with negosim annotate."""
    opened = [Run.open(run_folder(one)) for one in sources]
    made = write_pairs(Run.open(run_folder(run)), opened, out, sample=sample, seed=seed)
    typer.echo(f"{plural(len(made), 'pair')} in {out}")
    typer.echo(f"grade them: negosim annotate {out} --questions {PAIRS} --name YOU (or --export FILE.csv)")


def agreement(
    run: Annotated[str, typer.Argument(metavar="PAIRS", help="A run of negosim gnome pairs.")],
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a question.")] = False,
) -> None:
    """Say how people graded pairs, and how far they agree: Krippendorff's alpha, equal grades."""
    rows = []
    for item in pair_agreement(Run.open(run_folder(run))):
        alpha = item.alpha
        if json:
            told = {
                "question": item.question,
                "ratings": item.ratings,
                "mean": item.mean,
                "alpha": None if alpha is None else alpha.value,
                "alpha_low": None if alpha is None else alpha.low,
                "alpha_high": None if alpha is None else alpha.high,
                "equal": item.same,
            }
            typer.echo(orjson.dumps(told).decode())
        between = "-"
        if alpha is not None and alpha.value is not None:
            between = f"{alpha.value:.3f}"
            if alpha.low is not None and alpha.high is not None:
                between += f" [{alpha.low:.3f}, {alpha.high:.3f}]"
        equal = "-" if item.same is None else f"{100 * item.same:.0f} %"
        rows.append([item.question, str(item.ratings), f"{item.mean:.3f}", between, equal])
    if not json:
        headings = ("question", "grades", "mean (1 to 5)", "Krippendorff's α, ordinal", "equal grades")
        print_rows(console_for(), headings, rows, whole=("question",), numbers=headings[1:])


def export(
    runs: Annotated[list[str], RUNS],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
) -> None:
    """Write labelled dialogues for others: JSON lines, a dialogue a line, with a data card."""
    card = export_corpus([Run.open(run_folder(run)) for run in runs], out)
    typer.echo(f"{plural(card['dialogues'], 'dialogue')}, {plural(card['utterances'], 'utterance')} in {out}")
    if domains := card["domains"]:
        distinct = plural(domains["distinct"], "distinct domain")
        typer.echo(f"{distinct} of {domains['titles']} titles, by {domains['by']}")
        typer.echo(f"such as {'; '.join(domains['examples'][:5])}")
    typer.echo(f"licences: {card['licences']}")
