"""Runs commands on a disk that is full from some of their writes on, and again when there is room.

    LD_PRELOAD=full_disk.so python commands.py FOLDER CASE...

Before that, nothing on the disk can be changed. Prints a line of JSON for each case: how many writes it has,
at how many the disk was full, what went wrong.
"""

import ctypes
import errno
import fnmatch
import importlib.util
import io
import json
import os
import shutil
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import zstandard

from negosim.cli import main

ROOM = 2**62
disk = ctypes.CDLL(None)
disk.full_disk_writes.restype = ctypes.c_long


@dataclass(frozen=True)
class Case:
    """A command that writes below `disk/`."""

    line: str
    before: tuple[str, ...] = ()
    """Commands whose results it starts from."""
    again: str = ""
    """How it goes on when there is room, where anything was begun; "": by the same command."""
    left: tuple[str, ...] = ()
    """What may be left behind, as patterns of paths below `disk/`."""
    told: bool = True
    """Whether it fails; else it may go on without what could not be written."""
    timed: tuple[str, ...] = ()
    """Files that hold the time they were made."""
    most: int = 3
    """Writes at which the disk is full, at most, spread evenly over all."""
    repeated: bool = True
    """Whether it is given again when there is room."""


RUN = "disk/run"
GENERATE = f"generate -s viatex --max-turns 4 -n 2 --out {RUN}"
RESUME = f"generate --resume {RUN}"
JUDGE = f"judge {RUN} --judges oracle"
SIMULATE = "rl simulate donation --out disk/traj -n 8"
TRAIN = (
    "rl train disk/traj --out disk/policy --model tiny:1x32 --steps 3 --batch-size 4 --set checkpoint_every=2"
)
CHAT = "generate -s viatex --planner direct --max-turns 3 --model openai:m@SERVER"
CASES = {
    "generate": Case(GENERATE, left=("run/*",), again=RESUME),
    "compress": Case(f"{GENERATE} --compress", left=("run/*",), again=RESUME),
    "log": Case(
        f"{GENERATE} --log disk/log.jsonl", left=("run/*", "log.jsonl"), again=RESUME, timed=("log*",)
    ),
    "progress": Case(f"{CHAT} --out {RUN}", left=("run/*",), again=RESUME),
    "cache": Case(f"{CHAT} --out run", left=("cache/*",), told=False, timed=("cache/*",)),
    "judge": Case(JUDGE, before=(GENERATE,), left=("run/*",)),
    "sheet": Case(f"annotate {RUN} --export disk/sheet.csv", before=(GENERATE,)),
    "report": Case(
        f"report {RUN} --out disk/report.pdf --trace disk/trace.jsonl",
        before=(GENERATE, JUDGE),
        left=("report.pdf",),
        most=1,
        repeated=False,
    ),
    "prepare": Case(f"rl prepare {RUN} --out disk/traj", before=(GENERATE,)),
    "parquet": Case(f"rl prepare {RUN} --out disk/traj --format parquet", before=(GENERATE,)),
    "hindsight": Case(
        "rl hindsight disk/traj --out disk/grown --factor 2",
        before=(SIMULATE,),
        left=("grown.progress.jsonl",),
    ),
    "export": Case("rl export disk/traj --to sft --out disk/trl.jsonl", before=(SIMULATE,)),
    "train": Case(TRAIN, before=(SIMULATE,), left=("policy/*",), again=f"{TRAIN} --resume", most=2),
    "evaluate": Case(
        "rl evaluate habit:0.3 --task donation -n 8 --csv disk/figures.csv",
    ),
}


@dataclass(frozen=True)
class Done:
    code: Any
    err: str
    writes: int


def command(line: str, folder: Path, room: int = ROOM, denied: int = 0) -> Done:
    """Run a command in this process on a disk, `folder`, with room for some writes, or closed."""
    out, err, code = io.StringIO(), io.StringIO(), None
    disk.full_disk_denied(denied)
    disk.full_disk_after(str(folder).encode(), ctypes.c_long(room))
    try:
        with redirect_stdout(out), redirect_stderr(err):
            main(line.split())
    except SystemExit as stopped:
        code = stopped.code
    except Exception:
        code, _ = "a traceback", err.write(traceback.format_exc())
    finally:
        writes = disk.full_disk_writes()
        disk.full_disk_after(b"", ctypes.c_long(ROOM))
        disk.full_disk_denied(0)
    return Done(code, err.getvalue(), writes)


TIMES = {"seconds", "created", "crc32", "account", "calls"}


def without_times(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: without_times(value) for key, value in data.items() if key not in TIMES}
    return [without_times(item) for item in data] if isinstance(data, list) else data


def read(file: Path) -> Any:
    """Return what a file holds, without times and what follows from them."""
    raw = file.read_bytes()
    if file.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
    if ".jsonl" in file.name:
        return [without_times(json.loads(line)) for line in raw.splitlines()]
    return without_times(json.loads(raw)) if file.suffix == ".json" else raw


OF_NO_RESULT = (".lock", ".index.sqlite")
"""Ends of files that hold nothing that others do not: they may be there, whole or not, and are made again."""


def content(folder: Path) -> dict[str, Any]:
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*") if file.is_file()}
    return {name: read(file) for name, file in sorted(files.items()) if not name.endswith(OF_NO_RESULT)}


def problem_of(done: Done, case: Case, before: set[str], place: Path, why: str) -> str:
    """Return what is wrong with how a command met a disk that refuses it, "" if nothing."""
    errors = [line for line in done.err.splitlines() if line.startswith("Error: ")]
    if "Traceback" in done.err:
        return done.err[-1500:]
    if case.told and (done.code != 2 or len(errors) != 1 or why not in errors[0]):
        return f"code {done.code}: {done.err}"
    if not case.told and done.code not in (0, 2):
        return f"code {done.code}: {done.err}"
    found = [one for one in place.rglob("*") if one.is_file() or not any(one.iterdir())]
    files = [str(one.relative_to(place)) for one in found]
    left = [name for name in files if name not in before and not name.endswith(OF_NO_RESULT)]
    kept = [
        name
        for name in left
        if ".part" in name or not any(fnmatch.fnmatch(name, allowed) for allowed in case.left)
    ]
    return f"left behind: {kept}" if kept else ""


def play(case: Case, folder: Path) -> dict[str, Any]:
    """Return how many writes a command has, and what went wrong where the disk was full."""
    folder.mkdir()
    os.chdir(folder)
    place, start = folder / "disk", folder / "start"
    place.mkdir()
    for line in case.before:
        assert command(line, folder).code == 0
    place.rename(start)

    def fresh() -> None:
        shutil.rmtree("run", ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(start, place)

    def compared() -> dict[str, Any]:
        found = content(place).items()
        return {
            name: what
            for name, what in found
            if not any(fnmatch.fnmatch(name, pattern) for pattern in case.timed)
        }

    fresh()
    whole = command(case.line, place)
    assert whole.code == 0, whole
    wanted, before, problems = compared(), set(content(start)), []
    fresh()
    closed = command(case.line, place, denied=errno.EACCES)
    if problem := problem_of(closed, case, before, place, os.strerror(errno.EACCES)):
        problems.append(f"closed: {problem}")
    points = sorted({(2 * at + 1) * whole.writes // (2 * case.most) for at in range(case.most)})
    for room in points:
        fresh()
        problem = problem_of(command(case.line, place, room), case, before, place, os.strerror(errno.ENOSPC))
        if not case.repeated:
            problems += [f"room for {room} writes: {problem}"] if problem else []
            continue
        shutil.rmtree("run", ignore_errors=True)
        again = command(case.line, place)
        if again.code and case.again:
            again = command(case.again, place)
        if not problem and again.code:
            problem = f"again: {again.err}"
        found = compared()
        differing = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
        if problem or differing:
            problems.append(f"room for {room} writes: {problem or f'differing: {differing}'}")
    return {"writes": whole.writes, "points": len(points), "problems": problems}


def loopback_server() -> ModuleType:
    place = Path(__file__).resolve().parents[2] / "benchmarks" / "loopback_server.py"
    spec = importlib.util.spec_from_file_location("loopback_server", place)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["loopback_server"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    root, names = Path(sys.argv[1]).resolve(), sys.argv[2:] or list(CASES)
    fake = loopback_server()
    with fake.LoopbackServer(lambda body: fake.ScriptedReply(fake.talk(body))) as server:
        for name in names:
            own = root / name / "disk" / "cache" if name == "cache" else root / "answers"
            os.environ["XDG_CACHE_HOME"] = str(own)
            case = replace(CASES[name], line=CASES[name].line.replace("SERVER", server.url))
            print(json.dumps({"case": name, **play(case, root / name)}), flush=True)
