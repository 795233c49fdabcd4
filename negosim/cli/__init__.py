"""The command line: thin commands over the public functions of the package.

A command's module is imported when the command is asked for (`negosim.cli.app`), so that `negosim --help`
stays quick; what needs torch is imported inside the command, so that its own help does.
"""

from negosim.cli.entry_point import main

__all__ = ["main"]
