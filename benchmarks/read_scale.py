"""Reading long runs: opening, one dialogue by id, frame, tables, report, Parquet, with time and memory.

    python benchmarks/read_scale.py [--dialogues 10000 1000000] [--played 500] [--max-turns 6] [--compress]

`--played` different dialogues are made by the simulated negotiator and stored again and again under other
ids, so that a million takes minutes. Each reading has a process of its own; memory is the most it had.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from negosim import RunConfig, generate
from negosim._checksum import checked, with_checksum
from negosim.store import Run
from negosim.store._shards import Appender, lines, shards

BEGIN = """
import resource, time
import negosim
from negosim.store import Run
path, last = {path!r}, {last!r}
started, cpu = time.perf_counter(), time.process_time()
"""
END = """
print(time.perf_counter() - started, time.process_time() - cpu,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
READINGS = {
    "open": "Run.open(path)",
    "show the last by id, first time": "assert Run.open(path).dialogue(last).id == last",
    "show the last by id": "assert Run.open(path).dialogue(last).id == last",
    "to_frame": "Run.open(path).to_frame()",
    "all tables (run_tables)": "from negosim.measures import run_tables; run_tables(Run.open(path))",
    "judge (oracle, agreement)": "negosim.judge(Run.open(path), judges=['oracle'], questions=['agreement'])",
    "report": "from negosim.reports import report_on; report_on([Run.open(path)])",
    "export --parquet": "from negosim.store import export_parquet as to; to(Run.open(path), path + '-t')",
}


def written(folder: Path, played: Run, dialogues: int, *, compress: bool) -> str:
    """Store the dialogues of a run again until there are so many; return the last id."""
    source = [checked(line)[0] for shard in shards(played.path) for line, _ in lines(shard)]
    header = played.header.model_copy(
        update={"planned": dialogues, "config": played.config.model_copy(update={"dialogues": dialogues})}
    )
    Run.create(folder, header, compress=compress)
    appender, name = Appender(folder), ""
    for index in range(dialogues):
        line = source[index % len(source)]
        name = f"viatex.honest.{index:04d}"
        old = index % len(source)
        line = line.replace(b'"id":"viatex.honest.%04d"' % old, b'"id":"%s"' % name.encode(), 1)
        appender.append(with_checksum(line.replace(b'"index":%d' % old, b'"index":%d' % index, 1)))
    return name


def measured(code: str, path: Path, last: str) -> tuple[float, float, float]:
    """Return seconds, seconds of processor and MiB of a piece of code in a process of its own."""
    whole = BEGIN.format(path=str(path), last=last) + code + END
    done = subprocess.run([sys.executable, "-c", whole], check=True, capture_output=True, text=True)
    seconds, cpu, memory = map(float, done.stdout.split()[-3:])
    return seconds, cpu, memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--played", type=int, default=500)
    parser.add_argument("--max-turns", type=int, default=6)
    parser.add_argument("--compress", action="store_true")
    parser.add_argument("--only", nargs="+", default=list(READINGS), help="readings, by their first words")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}, load {load:.0f}\n")
    print("| dialogues | reading | seconds | of processor | MiB |\n|---:|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        config = RunConfig(scenarios="viatex", dialogues=arguments.played, max_turns=arguments.max_turns)
        played = generate(config, out=Path(folder) / "played")
        for dialogues in arguments.dialogues:
            path = Path(folder) / str(dialogues)
            last = written(path, played, dialogues, compress=arguments.compress)
            for name, code in READINGS.items():
                if any(name.startswith(wanted) for wanted in arguments.only):
                    seconds, cpu, memory = measured(code, path, last)
                    print(
                        f"| {dialogues:,} | {name} | {seconds:.2f} | {cpu:.2f} | {memory:.0f} |", flush=True
                    )


if __name__ == "__main__":
    main()
