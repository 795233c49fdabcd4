"""`negosim play`: take a seat at the table."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from negosim.agents import seated
from negosim.cli.make import key_option
from negosim.cli.options import SendKeyTo, listed
from negosim.cli.runs import run_folder
from negosim.config import RunConfig
from negosim.engine import Event, RunStarted, generate
from negosim.engine import resume as go_on
from negosim.errors import NegosimError, UserError
from negosim.records import HUMAN, Condition
from negosim.scenarios import load_scenario
from negosim.store import Run
from negosim.terminal import console_for
from negosim.terminal.play import TerminalSeat


def play(
    scenario: Annotated[
        str | None, typer.Argument(metavar="[SCENARIO]", help="What to play: an id or a path.")
    ] = None,
    seat: Annotated[int, typer.Option(min=1, metavar="N", help="Which role is yours, counted from 1.")] = 1,
    against: Annotated[
        str, typer.Option(metavar="MODEL", help="Who plays the others: sim, a model, policy:FOLDER, human.")
    ] = "sim",
    planner: Annotated[
        str, typer.Option(metavar="NAME", help="How the others think their turns through.")
    ] = "rollout",
    deceptive: Annotated[
        list[int] | None,
        typer.Option(min=1, metavar="N", help="Role whose brief allows lying; may be given several times."),
    ] = None,
    max_turns: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="Cap on utterances.", show_default="as the scenario says, else 30"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Another number meets another partner.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Run folder to make.", show_default="a new one in ./runs"),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Go on with a talk that was left, after its last utterance."),
    ] = None,
    send_key_to: SendKeyTo = None,
    web: Annotated[bool, typer.Option("--web", help="Sit in the browser instead of the terminal.")] = False,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="With --web: address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="PORT", help="With --web: port; 0 is any free one.")
    ] = 8631,
    browser: Annotated[
        bool, typer.Option("--open/--no-open", help="With --web: open the page in the default browser.")
    ] = True,
) -> None:
    """Negotiate yourself, in the terminal or the browser; the talk is a run like any other.

    You see your own brief and points and what everybody hears. With --against human two people sit in
    two browsers. What is said is kept at once: leave, and go on with --resume.
    """
    config = _config(scenario, seat, against, planner, deceptive, max_turns, seed, resume)
    folder = run_folder(resume) if resume else None
    allowed = listed(send_key_to) or []
    if web:
        _in_browser(config, out, folder, allowed, host, port, browser)
    else:
        _in_terminal(config, out, folder, allowed)


def _config(
    scenario: str | None,
    seat: int,
    against: str,
    planner: str,
    deceptive: list[int] | None,
    max_turns: int | None,
    seed: int,
    resume: str | None,
) -> RunConfig:
    if (scenario is None) == (resume is None):
        raise typer.BadParameter("name a scenario, or a talk to --resume", param_hint="SCENARIO")
    if resume is not None or scenario is None:
        return Run.open(run_folder(str(resume))).config
    count = len(load_scenario(scenario).roles)
    if seat > count:
        raise typer.BadParameter(f"{scenario!r} has {count} roles", param_hint="--seat")
    models = [against] * count
    models[seat - 1] = "human"
    liars = tuple(role - 1 for role in sorted(set(deceptive or ())))
    return RunConfig(
        scenarios=scenario,
        models=models,
        planner=planner,
        conditions=Condition(deceptive=liars),
        max_turns=max_turns,
        seed=seed,
    )


def _in_terminal(config: RunConfig, out: Path | None, folder: Path | None, send_key_to: list[str]) -> None:
    roles = [role for role, model in enumerate(config.models) if model == HUMAN]
    if folder and not roles:
        raise UserError(f"no person plays in {folder}; go on with: negosim generate --resume {folder}")
    if len(roles) != 1:
        raise typer.BadParameter("one person fits in a terminal; two sit with --web", param_hint="--against")
    seat = TerminalSeat(console_for(), roles[0])
    begun: list[Run] = []

    def watch(event: Event) -> None:
        if isinstance(event, RunStarted):
            begun.append(event.run)
        seat.watch(event)

    try:
        with seated(lambda role: seat):
            if folder:
                run = go_on(folder, watch=watch, send_key_to=send_key_to)
            else:
                run = generate(config, out=out, watch=watch)
    except (KeyboardInterrupt, EOFError, NegosimError) as stopped:
        if begun and begun[0].path.exists():
            way_on = f"negosim play --resume {begun[0].path}{key_option(config)}"
            typer.echo(f"\nwhat was said is kept; go on with: {way_on}", err=True)
        if isinstance(stopped, NegosimError):
            raise
        raise typer.Exit(130) from None
    _tell(run)


def _in_browser(
    config: RunConfig,
    out: Path | None,
    folder: Path | None,
    send_key_to: list[str],
    host: str,
    port: int,
    browser: bool,
) -> None:
    from negosim.web.server import check_installed

    check_installed()
    from negosim.web.seat import SeatedDialogue, play_in_browser
    from negosim.web.server import listening

    session = SeatedDialogue(config, out=out, resume=folder, send_key_to=send_key_to)
    socket = listening(host, port)
    addresses = [
        f"http://{host}:{socket.getsockname()[1]}/seat/{seat.token}" for seat in session.seats.values()
    ]
    for role, address in zip(session.seats, addresses, strict=True):
        typer.echo(f"seat of role {role + 1}: {address}")
    typer.echo("stop with Ctrl-C")
    if browser and len(addresses) == 1:
        typer.launch(addresses[0])
    try:
        asyncio.run(play_in_browser(session, socket, [host], _tell))
    except KeyboardInterrupt:
        if session.run is not None and session.run.path.exists():
            way_on = f"negosim play --web --resume {session.run.path}{key_option(config)}"
            typer.echo(f"what was said is kept; go on with: {way_on}", err=True)
        raise typer.Exit(130) from None


def _tell(run: Run) -> None:
    typer.echo(f"stored in {run.path}\nread it again: negosim show {run.path} --view all")
