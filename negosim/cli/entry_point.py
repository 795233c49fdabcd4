"""The entry point: runs a command and turns what went wrong into a message and an exit code."""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import typer

from negosim._files import reason
from negosim.cli.app import app
from negosim.cli.collector import collect_rarely, leave_to_the_system
from negosim.errors import NegosimError, UserError

STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Exit codes: 0 done, 1 something failed (a provider, a dialogue) or the budget is used up,
    2 the user can mend it (the message says how), 130 stopped with Ctrl-C.

    Args:
        arguments: the command's; None, the process's own, when the process is the command and nothing
            else, which may then set up its interpreter as suits it.

    """
    command_alone = arguments is None
    if command_alone:
        collect_rarely()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows a question mark; it does not crash.
            stream.reconfigure(errors="replace")
    code = _flushed(_run(arguments))
    if command_alone:
        leave_to_the_system()
    sys.exit(code)


def _flushed(code: int) -> int:
    """Write what is still in Python's hands, so that a full disk behind `>` is told and not swallowed."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What could not be written is given up: leaving would try again, and fail with a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _tell(error)
    return code


def _tell(error: OSError) -> int:
    """Say what the system would not do, and return the exit code; nothing where the reader went away."""
    if isinstance(error, BrokenPipeError):
        return 1
    what = f"{str(error.filename)!r}: " if error.filename is not None else "the output cannot be written: "
    with suppress(OSError):
        typer.echo(f"Error: {what}{reason(error)}", err=True)
    return 2


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = app(args=arguments, prog_name="negosim", standalone_mode=False)
    except NegosimError as error:
        from negosim._text import clean

        typer.echo(f"Error: {clean(str(error))}", err=True)
        return 2 if isinstance(error, UserError) else 1
    except OSError as error:
        return _tell(error)
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
