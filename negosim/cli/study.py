"""`negosim study`: init, check, run, status, export."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from negosim._files import write_whole
from negosim._text import clean, plural
from negosim.cli.options import BudgetTokens, BudgetUsd
from negosim.errors import UserError


def init(
    study: Annotated[str, typer.Argument(metavar="ID", help="persuasion or counselling.")] = "persuasion",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it.", show_default="ID.yaml, here"),
    ] = None,
) -> None:
    """Write a study that comes with negosim into a file, to be made one's own."""
    from negosim.plugins import suggest
    from negosim.study import built_in_studies

    known = built_in_studies()
    if study not in known:
        raise UserError(f"no study {study!r} comes with negosim; {suggest(study, known)}")
    text = known[study]
    target = out or Path(f"{study}.yaml")
    if target.exists():
        raise UserError(f"{str(target)!r} exists; choose another --out or remove it")
    write_whole(target, text.encode())
    typer.echo(f"{target}; change it, then: negosim study check {target}")


def check(
    studies: Annotated[list[str], typer.Argument(metavar="STUDY...", help="Study files, or ids.")],
) -> None:
    """Check study files: every problem with its line and field. Exit code 2 if one is wrong."""
    from negosim.study import cells_of, load_study

    wrong = False
    for reference in studies:
        try:
            study = load_study(reference)
        except UserError as error:
            typer.echo(clean(str(error)), err=True)
            wrong = True
            continue
        talks = [len(block.agents) * block.conversations for block in study.blocks]
        each = sum(talks) if study.assign == "all" else max(talks)
        cells = plural(len(cells_of(study)), "cell")
        agents = plural(len({agent.name for block in study.blocks for agent in block.agents}), "agent")
        typer.echo(f"{reference}: ok: {agents}, {plural(each, 'conversation')} a person, {cells}")
    if wrong:
        raise typer.Exit(2)


def run(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's file, or an id.")],
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL",
            help="Where everything is kept: a folder, or a database by its SQLAlchemy URL.",
            show_default="a folder called after the study",
        ),
    ] = None,
    links: Annotated[
        int, typer.Option(min=1, metavar="N", help="Links there are to be in all; one for each person.")
    ] = 20,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Port; 0 is any free one.")
    ] = 8632,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="How people reach it, where a proxy stands in front: https://study.example.org",
            show_default="host and port",
        ),
    ] = None,
    budget_usd: BudgetUsd = None,
    budget_tokens: BudgetTokens = None,
) -> None:
    """Serve a study: a link for each person, and a page for you that says how it goes.

    Stopped at any instant, it goes on where it was with the same command, at the same links. A budget counts
    all that the study has used; when it is used up, everybody is asked to come back later.
    """
    from negosim.web.server import check_installed

    check_installed("sqlalchemy")
    from negosim.study import parse_study, text_of
    from negosim.study.storage import StudyStore, shown
    from negosim.web.server import listening
    from negosim.web.study_run import serve_study

    text, name, folder = text_of(study)
    checked = parse_study(text, name, folder)
    place = out or checked.id
    socket = listening(host, port)
    store = StudyStore.begin(place, text, folder)
    store.invite(links)
    base = (address or f"http://{host}:{socket.getsockname()[1]}").rstrip("/")

    def ready() -> None:
        for person in store.people():
            if person["status"] in ("invited", "active"):
                typer.echo(f"person {person['number']}: {base}/p/{person['token']}")
        typer.echo(f"for you: {base}/admin?key={store.about['admin']}\nstop with Ctrl-C")

    try:
        asyncio.run(serve_study(store, socket, base, usd=budget_usd, tokens=budget_tokens, ready=ready))
    except KeyboardInterrupt:
        kept = shown(place)
        typer.echo(f"everything is kept; go on with: negosim study run {study} --out {kept}", err=True)
        raise typer.Exit(130) from None
    finally:
        socket.close()
        store.close()


Place = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="Where the study is kept, as `study run` was told.")
]


def status(
    study: Place,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    links: Annotated[bool, typer.Option("--links", help="Print everybody's link, and its status.")] = False,
) -> None:
    """Say how a study goes: people, cells, drop-outs, conversations, cost."""
    from dataclasses import asdict

    import orjson

    from negosim.web.server import check_installed

    check_installed("sqlalchemy")

    from negosim._text import money
    from negosim.study.status import status_of
    from negosim.study.storage import StudyStore

    store = StudyStore(study)
    if links:
        for person in store.people():
            typer.echo(f"{person['number']}\t{person['status']}\t/p/{person['token']}")
        return
    found = status_of(store)
    if json:
        typer.echo(orjson.dumps(asdict(found)).decode())
        return
    typer.echo(f"{store.study.title} ({store.study.id}), begun {store.about['created'][:16]}")
    typer.echo("people: " + ", ".join(f"{count} {status}" for status, count in found.people.items()))
    for cell, (active, done) in found.cells.items():
        room = f" of {found.quota}" if found.quota else ""
        typer.echo(f"cell {cell}: {done}{room} completed, {active} under way")
    if found.standing:
        stands = ", ".join(f"{count} at {kind}" for kind, count in found.standing.items())
        typer.echo(f"not done: {stands}")
    talks = ", ".join(f"{count} {status}" for status, count in found.talks.items())
    typer.echo(f"conversations: {talks or 'none'}")
    known = "" if found.priced else " at least; not all prices are known"
    typer.echo(f"cost: {money(found.usd)}{known}, {found.tokens:,} tokens")
    if found.paused:
        typer.echo(f"nobody goes on for now: {found.paused}")


def export(
    study: Place,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Run folder to make.", show_default="runs/ID-study"),
    ] = None,
) -> None:
    """Write what people did: a run folder, their ratings as judgements, tidy tables."""
    from negosim.web.server import check_installed

    check_installed("sqlalchemy")
    from negosim.study.export import FOLDER, export_study
    from negosim.study.storage import StudyStore

    store = StudyStore(study)
    target = out or Path("runs") / f"{store.study.id}-study"
    made = export_study(store, target)
    typer.echo(
        f"{plural(len(made), 'conversation')} in {target}, tables in {target / FOLDER}\n"
        f"read them: negosim report {target}"
    )
