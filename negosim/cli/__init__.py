"""The command line: thin commands over the public functions of the package.

Command modules import what they need inside the command, so that `negosim --help` stays quick.
"""

from negosim.cli._main import main

__all__ = ["main"]
