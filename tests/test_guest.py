"""A guest in the process: importing and calling negosim leaves its host as it was."""

import json
import subprocess
import sys
from pathlib import Path

PROBE = """
import asyncio, gc, json, locale, logging, os, signal, sys, warnings

from pathlib import Path

import matplotlib, numpy


def state():
    loggers = [logging.root, *map(logging.getLogger, ("negosim", "langgraph", "asyncio"))]
    return {
        "garbage collector": [gc.get_threshold(), gc.get_freeze_count(), gc.isenabled()],
        "locale": locale.setlocale(locale.LC_ALL),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "signals": {str(number): str(signal.getsignal(number)) for number in signal.valid_signals()},
        "loggers": [(logger.level, str(logger.handlers), logger.filters) for logger in loggers],
        "logging": logging.root.manager.disable,
        "matplotlib": {name: str(value) for name, value in dict.items(matplotlib.rcParams)},
        "numpy": [str(numpy.random.get_state()), numpy.geterr(), numpy.get_printoptions()],
        "event loops": str(type(asyncio.get_event_loop_policy())),
        "hooks": [str(sys.excepthook), str(sys.unraisablehook), str(sys.displayhook), str(sys.meta_path)],
        "interpreter": [sys.getrecursionlimit(), sys.getswitchinterval(), sys.path],
        "streams": [id(sys.stdin), id(sys.stdout), id(sys.stderr), sys.stdout.errors, sys.stderr.errors],
    }


def filters():
    # Libraries decide on warnings of their own kinds when they are imported, as LangChain and urllib3 do.
    return [str(one) for one in warnings.filters
            if one[2].__module__.split(".")[0] in ("builtins", "negosim")]


before, filtered = json.dumps(state()), filters()
import negosim
from negosim.judging import judge
from negosim.models import ChatResponse, Usage
from negosim.reports import report_on, write_parts, write_pdf


class Instant:
    name = "instant"

    async def complete(self, request):
        answer = {"utterance": f"What about {request.seed}?", "move": {"action": "talk", "offer": None}}
        answer = {"concluded": False} if request.schema_name == "ConcludeAnswer" else answer
        return ChatResponse(json.dumps(answer), "stop", Usage(1, 1))

    async def preflight(self):
        pass

    async def close(self):
        pass


config = negosim.RunConfig(scenarios=("viatex",), models=("m",), planner="direct", max_turns=2)
negosim.generate(config, out="spoken", chat_models={"m": Instant()})
run = negosim.generate(negosim.RunConfig(scenarios=("viatex",), dialogues=2), out="simulated")
judge(run)
report = report_on([run])
write_pdf(report, Path("report.pdf"))
write_parts(report, Path("parts"))
after = state()
changed = {name: after[name] for name, value in json.loads(before).items()
           if value != json.loads(json.dumps(after[name]))}
if filters() != filtered:
    changed["warnings"] = [one for one in filters() if one not in filtered]
stand_ins = [name for name, module in sys.modules.items() if type(module).__module__.startswith("negosim")]
if stand_ins:
    changed["modules"] = stand_ins
print(json.dumps(changed))
"""


def test_importing_and_calling_changes_nothing_of_the_host(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}
