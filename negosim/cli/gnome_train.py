"""`negosim gnome train|evaluate`: classifiers of strategies, and what mapped data does for them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from negosim._files import check_free, write_whole
from negosim._text import plural
from negosim.cli.gnome import RUNS
from negosim.cli.options import listed
from negosim.cli.rl_told import progress
from negosim.cli.runs import run_folder
from negosim.errors import UserError
from negosim.gnome import (
    SETTINGS,
    TRAININGS,
    ClassifierSpec,
    Experiments,
    StrategyClassifier,
    experiments,
    experiments_table,
    label_map,
    labelled,
)
from negosim.store import Run
from negosim.terminal import console_for, print_rows

Context = Annotated[
    int, typer.Option(min=0, max=8, metavar="N", help="Utterances before each that are read with it.")
]

KINDS = (
    "majority, tfidf or minilm (logistic regression on TF-IDF or sentence embeddings), encoder "
    "(fine-tuned; the packaged MiniLM), encoder:FOLDER|NAME|deberta-v3|electra, decoder:FOLDER|NAME "
    "(LoRA); KIND-masked reads no numbers and no words that are not general"
)


def train(
    runs: Annotated[list[str], RUNS],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The folder to make.")],
    classifier: Annotated[str, typer.Option(metavar="KIND", help=f"{KINDS}.")] = "tfidf",
    context: Context = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another seed trains another one.")] = 0,
) -> None:
    """Train a classifier of strategies on all labelled dialogues of runs, and keep it.

    It then judges any run: negosim judge RUN --judges strategy:FOLDER --questions strategies
    """
    spec = ClassifierSpec.parse(classifier, context)
    check_free(out.expanduser())
    dialogues = labelled([Run.open(run_folder(run)) for run in runs]).dialogues
    made = StrategyClassifier.trained(spec, dialogues, seed)
    card = made.save(out, dialogues, seed)
    counts = ", ".join(f"{count:,} {name}" for name, count in card.sources.items())
    typer.echo(f"{spec.name}, trained on {plural(card.utterances, 'utterance')} of {counts}: {out}")
    typer.echo(f"label a run: negosim judge RUN --judges strategy:{out} --questions strategies")


def evaluate(
    runs: Annotated[list[str], RUNS],
    mapped: Annotated[
        list[str] | None,
        typer.Option(metavar="RUN", help="A run mapped from them, as often as there are some."),
    ] = None,
    classifiers: Annotated[
        str, typer.Option(metavar="KIND,...", help=f"{KINDS}.")
    ] = "majority,tfidf,tfidf-masked",
    settings: Annotated[
        str, typer.Option(metavar="NAME,...", help="in-domain, out-of-domain, leave-one-out.")
    ] = ",".join(SETTINGS),
    trainings: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="sources, duplicates (at equal weight), mapped, mapped only, leak (on purpose).",
            show_default="sources; with --mapped also duplicates, mapped, leak",
        ),
    ] = None,
    context: Context = 0,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Splits that results are means of.")] = 3,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="Write all figures there.", show_default="not written"),
    ] = None,
) -> None:
    """Test classifiers in their domain and out of it, with and without mapped data.

    60 % of the dialogues train, 40 % test, split by parent: what was mapped from a test dialogue is never in
    training, unless a leak is asked for. Intervals are of 95 %, over dialogues; differences are paired.
    """
    sources = labelled([Run.open(run_folder(run)) for run in runs]).dialogues
    children = labelled([Run.open(run_folder(run)) for run in mapped or ()]).dialogues
    with progress("training") as watch:
        done = experiments(
            sources,
            children,
            classifiers=listed(classifiers) or (),
            settings=_named("--settings", settings, SETTINGS),
            trainings=None if trainings is None else _named("--trainings", trainings, tuple(TRAININGS)),
            seeds=seeds,
            context=context,
            watch=watch,
        )
    _tell(done)
    if out is not None:
        write_whole(out, orjson.dumps(experiments_table(done), option=orjson.OPT_INDENT_2))
        typer.echo(f"figures: {out}")


def _named(option: str, given: str, known: Sequence[Any]) -> list[Any]:
    names = listed(given) or []
    for name in names:
        if name not in known:
            raise UserError(f"{option}: {name!r} is unknown; there are {', '.join(known)}")
    return names


def _tell(done: Experiments) -> None:
    rows = []
    for row in done.rows:
        plain = done.row(row.setting, "sources", row.classifier)
        gain = "-"
        if plain is not None and plain is not row:
            gain = done.difference(row, plain).signed
        by = row.by_labeller()
        apart = [f"{by[name]:.3f}" if name in by else "-" for name in ("people", "parser")]
        rows.append(
            [row.setting, row.classifier, row.training, str(row.f1), gain, f"{row.recall:.3f}", *apart]
        )
    figures = (
        "weighted F1",
        "against sources alone",
        "macro recall",
        "F1 on people's labels",
        "on a parser's",
    )
    headings = ("setting", "classifier", "training", *figures)
    print_rows(console_for(), headings, rows, whole=("setting", "classifier"), numbers=headings[3:])
    typer.echo()
    classes = label_map().names
    table = [
        [row.setting, row.classifier, row.training, *(f"{value:.3f}" for value in row.accuracy)]
        for row in done.rows
    ]
    print_rows(
        console_for(), ("accuracy by class", "classifier", "training", *classes), table, numbers=classes
    )
    for alarm in done.alarms():
        typer.echo(f"ALARM: {alarm}", err=True)
