"""Time and memory of judging and reporting 10,000 dialogues.

    python benchmarks/many_judged.py [--made 1000] [--dialogues 10000]

The simulated negotiator plays `--made` dialogues, ten scenarios in two conditions. They are copied under new
indices until there are `--dialogues`, because making as many takes longer than what is measured. Then
`negosim judge` and `negosim report --out` run as commands; time and memory are those of their processes.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from negosim import RunConfig, generate
from negosim.scenarios import list_scenarios, load_scenario
from negosim.store import Run, RunHeader

CONDITIONS = ("honest", "deceptive-2")


def copied(made: Run, folder: Path, times: int) -> None:
    """Write a run that holds every dialogue of another several times, under indices of their own."""
    count = made.config.dialogues
    config = made.config.model_copy(update={"dialogues": count * times})
    planned = made.header.planned * times
    header: RunHeader = made.header.model_copy(update={"config": config, "planned": planned})
    with Run.create(folder, header).writing() as writer:
        for number in range(times):
            for dialogue in made:
                index = dialogue.index + count * number
                name = f"{dialogue.scenario}.{dialogue.condition.name}.{index:04d}"
                writer.append(dialogue.model_copy(update={"index": index, "id": name}))


def measured(*arguments: str) -> tuple[float, float, float]:
    """Run a command; return its seconds, CPU seconds and peak memory in MiB."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "negosim", *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"negosim {' '.join(arguments)} failed")
    process.returncode = 0
    return time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--made", type=int, default=1000, help="dialogues that are really played")
    parser.add_argument("--dialogues", type=int, default=10_000, help="dialogues to judge and report")
    arguments = parser.parse_args()
    scenarios = tuple(name for name in list_scenarios() if load_scenario(name).has_deals)
    each = max(1, arguments.made // (len(scenarios) * len(CONDITIONS)))
    config = RunConfig(scenarios=scenarios, conditions=CONDITIONS, dialogues=each)
    with tempfile.TemporaryDirectory() as folder:
        made = generate(config, out=f"{folder}/made", workers=os.cpu_count() or 1)
        times = max(1, arguments.dialogues // made.header.planned)
        run = f"{folder}/many"
        copied(made, Path(run), times)
        print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}, ", end="")
        print(f"{os.cpu_count()} cores; {made.header.planned * times:,} dialogues\n")
        print("| command | seconds | CPU seconds | peak MiB |\n|---|---:|---:|---:|", flush=True)
        whole = 0.0
        for command in (
            ("judge", run, "--judge-model", "oracle"),
            ("report", run, "--out", f"{folder}/r.pdf"),
        ):
            seconds, cpu, peak = measured(*command)
            whole += seconds
            print(f"| {command[0]} | {seconds:.0f} | {cpu:.0f} | {peak:.0f} |", flush=True)
        print(f"\ntogether {whole:.0f} s")


if __name__ == "__main__":
    main()
