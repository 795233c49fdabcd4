"""A whole report from scratch: dialogues, judgements, PDF at both paper sizes.

    python benchmarks/report_demo.py [--out report-demo] [--judge-sample 1] [--unrestricted 3]

Ten scenarios in both conditions, ten dialogues each, played by the simulated negotiator. The oracle judges
all of them. The small language model (SmolLM2, 135 million parameters, fetched once) judges
`--judge-sample` dialogues of the scenarios in `SAMPLED` in each condition, as a neutral reader; 0 leaves it
out. It is far too weak for the task, and the page on judges must show that. `--unrestricted` dialogues a
scenario and condition are also played without a cap, for the table of lengths.
"""

import argparse
import platform
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import yaml

from negosim import RunConfig, generate
from negosim.judging import judge, load_question_set
from negosim.reports import report_on, write_parts, write_pdf, write_trace
from negosim.scenarios import list_scenarios, load_scenario
from negosim.store import Run

SAMPLED = ("viatex", "rose-lane", "casino-two", "powerscreen", "west-wind")
"""Scenarios the language model judges: enough for intervals, at a minute or two a dialogue."""
MODEL = "local?max_tokens=700&timeout=600"
QUESTIONS = {"agreement": 2, "deception": 0}
"""Question sets it answers, and how many quotes it is asked for: with them hardly an answer is usable."""


def simulated(out: Path, scenarios: tuple[str, ...], dialogues: int, max_turns: int) -> Run:
    config = RunConfig(
        scenarios=scenarios,
        conditions=("honest", "deceptive-2"),
        dialogues=dialogues,
        max_turns=max_turns,
        seed=11,
        concurrency=8,
    )
    run = generate(config, out=out)
    judge(run, judges=["oracle"])
    judge(run, questions=["beliefs"])
    return run


def asked_of_a_reader(folder: Path) -> Iterator[str]:
    """Write the question sets as sets of one's own that no agent is asked; yield their paths."""
    folder.mkdir()
    for name, quotes in QUESTIONS.items():
        asked = load_question_set(name)
        questions = tuple(question.model_copy(update={"quotes": quotes}) for question in asked.questions)
        asked = asked.model_copy(update={"perspectives": ("third_party",), "questions": questions})
        place = folder / f"{name}.yaml"
        place.write_text(yaml.safe_dump(asked.model_dump(mode="json", exclude_none=True)), "utf-8")
        yield str(place)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("report-demo"), help="folder to make")
    parser.add_argument("--dialogues", type=int, default=10, help="of each scenario and condition")
    parser.add_argument("--unrestricted", type=int, default=3, help="the same without a cap")
    parser.add_argument("--judge-sample", type=int, default=1, help="judged by the small model; 0: none")
    arguments = parser.parse_args()
    out: Path = arguments.out
    print(f"{date.today()}, Python {platform.python_version()}, {platform.machine()}\n")

    started = time.perf_counter()
    scenarios = tuple(name for name in list_scenarios() if load_scenario(name).has_deals)
    rest = tuple(key for key in scenarios if key not in SAMPLED)
    runs = [simulated(out / "sampled", SAMPLED, arguments.dialogues, 30)]
    runs.append(simulated(out / "rest", rest, arguments.dialogues, 30))
    if arguments.unrestricted:
        runs.append(simulated(out / "unrestricted", scenarios, arguments.unrestricted, 0))
    print(f"| dialogues and oracle | {time.perf_counter() - started:.0f} s |", flush=True)

    if arguments.judge_sample:
        started = time.perf_counter()
        questions = list(asked_of_a_reader(out / "questions"))
        judge(runs[0], judges=[MODEL], questions=questions, sample=arguments.judge_sample)
        print(f"| the small model | {time.perf_counter() - started:.0f} s |", flush=True)

    started = time.perf_counter()
    report = report_on(runs)
    count = sum(map(len, runs))
    print(f"| measuring {count} dialogues | {time.perf_counter() - started:.0f} s |", flush=True)
    for paper in ("a4", "letter"):
        started = time.perf_counter()
        write_pdf(report, out / f"report-{paper}.pdf", paper)
        print(f"| {out / f'report-{paper}.pdf'} | {time.perf_counter() - started:.0f} s |", flush=True)
    write_parts(report, out / "figures")
    write_trace(report, out / "trace.jsonl")


if __name__ == "__main__":
    main()
