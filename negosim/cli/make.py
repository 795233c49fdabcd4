"""Runs made from the command line: progress, what is said at the end, exit codes."""

from collections.abc import Callable

import typer

from negosim._text import plural
from negosim.config import RunConfig
from negosim.errors import ContextLengthError, ModelError, NegosimError
from negosim.models import ModelSpec, servers_to_confirm
from negosim.store import Run
from negosim.terminal.watch import Watch


def make_and_tell(make: Callable[[], Run], watch: Watch, *, quiet: bool, again: str = "") -> None:
    """Make a run and say where it is stored; where it was stopped, how much of it is.

    With `quiet`, stdout is left to the dialogues. `again` are the options to go on with. Exits with 1
    if a dialogue failed, 130 after Ctrl-C.

    Raises:
        NegosimError: what stopped the run, or kept it from being begun.

    """
    total = watch.tally.total
    try:
        run = make()
    except (KeyboardInterrupt, NegosimError) as stopped:
        watch.close()
        if watch.run is not None and watch.run.path.exists():
            stored = plural(total.done, "dialogue is", "dialogues are")
            typer.echo(f"stopped: {stored} stored in {watch.run.path}", err=True)
            typer.echo(_way_on(stopped, f"negosim generate --resume {watch.run.path}{again}"), err=True)
        elif isinstance(stopped, KeyboardInterrupt):
            typer.echo("stopped: nothing was stored", err=True)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise
    finally:
        watch.close()
    typer.echo(f"stored in {run.path}\nread it again: negosim show {run.path}", err=quiet)
    if total.failed:
        retry = "" if total.failed == total.through_provider else " --retry-failed"
        typer.echo(f"{plural(total.failed, 'dialogue')} of {total.done:,} failed", err=True)
        typer.echo(f"play again with: negosim generate --resume {run.path}{retry}{again}", err=True)
        raise typer.Exit(1)


def key_option(config: RunConfig) -> str:
    """Return the option by which a run's servers get the user's key again, "" if none do."""
    named = [*config.models, *([config.judge_model] if config.judge_model else [])]
    urls = servers_to_confirm(map(ModelSpec.parse, named))
    return f" --send-key-to {','.join(urls)}" if urls else ""


def _way_on(stopped: BaseException, resume: str) -> str:
    """Say how to go on with a run that was stopped, in accord with what the error says to correct."""
    corrected = isinstance(stopped, ModelError) and stopped.fault in ("model", "address", "setting")
    if corrected or isinstance(stopped, ContextLengthError):
        return (
            "a run keeps its models' names and settings: begin another one with what is corrected, or, once "
            f"the server takes this one, go on with: {resume}"
        )
    return f"go on with: {resume}"
