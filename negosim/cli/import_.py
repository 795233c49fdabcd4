"""`negosim import`: dialogues of people, and others that negosim has not made, as run folders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from negosim._text import plural
from negosim.errors import UserError
from negosim.importing import import_dialogues, importers
from negosim.store import Run

MOST_SHOWN = 5


def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A file or folder; what it is, is told from its content.",
            show_default=False,
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Run folder to make.",
            show_default="runs/NAME of the source",
        ),
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What the source is, where its content need not tell: see below."),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="WHAT=COLUMN,...",
            help="Columns of a table: dialogue, speaker, text, and turn, label, participant, offer, outcome.",
            show_default="by their usual names",
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What the conversations are about, if the source does not say."),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(metavar="WORDS", help="What everybody in them knew; judges read it before the words."),
    ] = None,
    bad_rows: Annotated[
        Literal["skip", "stop"],
        typer.Option(help="Leave bad rows out and count them, or stop at the first one."),
    ] = "skip",
) -> None:
    """Make a run folder from dialogues that negosim has not made, people's above all.

    Then show, view, judge, annotate, report and rl prepare work on it. Formats: casino, craigslist,
    job-interview, persuasion-for-good, esconv, fed, convokit, sharegpt, inspect, dialogues (JSON lines),
    table (CSV), chat (text), and those of plugins.
    """
    if format is not None and format not in (known := list(importers())):
        raise UserError(f"--format {format!r} is unknown; there are {', '.join(known)}")
    target = out or Path("runs") / (Path(source).expanduser().resolve().stem or "imported")
    run = import_dialogues(
        source,
        target,
        format=format,
        columns=_columns(columns),
        title=title,
        context=context,
        bad_rows=bad_rows,
    )
    for line in _said(run):
        typer.echo(line)


def _columns(given: str | None) -> dict[str, str]:
    """Read "dialogue=conv_id,text=message".

    Raises:
        UserError: a part has another form.

    """
    found: dict[str, str] = {}
    for part in (given or "").split(","):
        if not part.strip():
            continue
        name, sign, column = part.partition("=")
        if not sign or not column.strip():
            raise UserError(
                f"--columns: {part.strip()!r} is no WHAT=COLUMN, as in dialogue=conv_id,text=message"
            )
        found[name.strip()] = column.strip()
    return found


def _said(run: Run) -> Iterator[str]:
    imported = run.header.imported
    assert imported is not None
    turns, statuses, sheets = 0, dict[str, int](), 0
    for dialogue in run:
        turns += len(dialogue.turns)
        statuses[dialogue.outcome.status] = statuses.get(dialogue.outcome.status, 0) + 1
    sheets = sum(1 for _ in run.judgements())
    yield f"{plural(len(run), 'dialogue')}, {plural(turns, 'utterance')} in {run.path} ({imported.source})"
    listed = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in sorted(statuses.items()))
    yield f"outcomes: {listed}"
    if sheets:
        yield f"what people said of them: {plural(sheets, 'sheet')}; {_asked(run)}"
    for reason, count in imported.left_out.items():
        yield f"left out {count:,}: {reason}"
    yield from (f"  {problem}" for problem in imported.problems[:MOST_SHOWN])
    if len(imported.problems) > MOST_SHOWN:
        yield f"  and others; see imported in {run.path / 'run.json'}"
    for what, count in imported.altered.items():
        yield f"altered {count:,}: {what}"
    for name, why in list(imported.passed_over.items())[:MOST_SHOWN]:
        yield f"passed over {name}: {why}"
    if imported.licence:
        yield f"licence: {imported.licence}"


def _asked(run: Run) -> str:
    sets = sorted((run.path / "questions").glob("*.yaml"))
    if not sets:
        return "no other judge can be asked the same"
    return f"ask a judge the same: negosim judge {run.path} --questions {','.join(map(str, sets))}"
