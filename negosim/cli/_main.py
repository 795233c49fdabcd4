"""The entry point: runs a command and turns what went wrong into a message and an exit code."""

import io
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from negosim._loop import patient_collector
from negosim.cli._app import app
from negosim.errors import NegosimError, UserError

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Exit codes: 0 done, 1 something failed (a provider, a dialogue) or the budget is used up,
    2 the user can mend it (the message says how), 130 stopped with Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows a question mark; it does not crash.
            stream.reconfigure(errors="replace")
    with patient_collector(leaving=True):
        code = _run(arguments)
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = app(args=arguments, prog_name="negosim", standalone_mode=False)
    except NegosimError as error:
        from negosim.terminal import clean

        typer.echo(f"Error: {clean(str(error))}", err=True)
        return 2 if isinstance(error, UserError) else 1
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("stopped", err=True)
        return STOPPED
    except Exception as error:
        # Usage errors. Their class comes from click or, in newer versions, from a copy inside typer.
        show = getattr(error, "show", None)
        if show is None:
            raise
        show()
        return int(getattr(error, "exit_code", 2))
    return code if isinstance(code, int) else 0
