"""`negosim view`: runs in a browser, or as a folder of pages."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from negosim.cli.runs import run_folder


def view(
    runs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUNS]...", help="Run folders, or folders of runs.", show_default="./runs"),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Serve nothing; write the pages of one run into a new folder, which opens from disk and "
            "from any web host.",
        ),
    ] = None,
    eyes: Annotated[
        str | None,
        typer.Option(
            "--view",
            metavar="1|2|public|all",
            help="What may be seen at most. With all, the reader chooses; of a folder, one view is written.",
            show_default="all; with --bundle public",
        ),
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="Port to listen on; 0 is any free one.")
    ] = 8630,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the default browser.")
    ] = True,
) -> None:
    """Read runs in a browser: transcripts, thoughts, offers, claims, judgements, calls.

    A run in the making grows on the page. The pages are for the one who has the address that is printed, key
    and all; nothing can be changed through them.
    """
    places = [run_folder(run) for run in runs or ["runs"]]
    if bundle is not None:
        if len(places) != 1:
            raise typer.BadParameter("a folder is written of one run; name one", param_hint="--bundle")
        from negosim.web import write_bundle

        count = write_bundle(places[0], bundle, view=eyes or "public")
        typer.echo(f"{count:,} pages in {bundle}; open {bundle / 'index.html'}")
        return
    from negosim.web.server import check_installed

    check_installed()
    from negosim.web.server import listening, new_key, serve
    from negosim.web.viewer import viewer

    key = new_key()
    app = viewer(places, view=eyes or "all", key=key, hosts=[host])
    socket = listening(host, port)
    address = f"http://{host}:{socket.getsockname()[1]}/?key={key}"
    typer.echo(f"{address}\nstop with Ctrl-C")
    if browser:
        typer.launch(address)
    asyncio.run(serve(app, socket))
