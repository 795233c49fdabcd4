"""Runs commands whose output cannot be written, each in a process of its own.

    python full_output.py

Works in the current folder. Prints a line of JSON for each command: exit code, what it told, what is left.
"""

import json
import os
import sys
import traceback

import negosim.engine
import negosim.judging
import negosim.rl
import negosim.terminal
from negosim.cli import main

COMMANDS = [
    *("--help", "generate --help", "schema", "graph", "plugins", "scenarios list", "scenarios show viatex"),
    *("scenarios validate viatex", "models list", "cache stats", "taxonomies list", "questions show quality"),
    *("prompts list", "runs .", "show run", "show run 1", "judge run", "generate --resume run"),
    *("generate -s viatex --max-turns 2 --out one", "rl simulate donation -n 4 --out traj"),
]


def ended(line: str, output: str) -> tuple[int, str]:
    """Return the exit code of a command whose output goes to a file, and what it told."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writes, 2)
        os.dup2(os.open(output, os.O_WRONLY), 1)
        sys.stdout, sys.stderr, code = os.fdopen(1, "w"), os.fdopen(2, "w"), 99
        try:
            main(line.split())
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else 98
        except BaseException:
            traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)
    os.close(writes)
    with os.fdopen(reads) as told:
        text = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text


if __name__ == "__main__":
    assert all((negosim.engine, negosim.judging, negosim.rl, negosim.terminal))  # imported once for all
    assert ended("generate -s viatex --max-turns 2 -n 2 --out run", os.devnull)[0] == 0
    for command in COMMANDS:
        code, told = ended(command, "/dev/full")
        print(json.dumps({"command": command, "code": code, "told": told, "left": sorted(os.listdir())}))
