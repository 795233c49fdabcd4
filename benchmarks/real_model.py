"""How well a language model plays: what it was asked, what was asked again and why, and how dialogues end.

    python benchmarks/real_model.py MODEL.gguf [--out FOLDER] [--max-turns 8] [--k 2]

Plays each scenario once in each condition with the model of a GGUF file (or any model's name, such as
"openai:NAME"), and prints tables of calls by stage, of what became of the answers, and of the endings. The
run is kept in FOLDER: where it was stopped, the same command goes on; `negosim show
FOLDER ID` prints a whole transcript.
"""

import argparse
import platform
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

from negosim import RunConfig, generate, resume
from negosim.records import MARKS, Call, Dialogue
from negosim.store import Run

SCENARIOS = ("viatex", "rose-lane", "wild-beds", "sally-soprano")
CONDITIONS = ("honest", "deceptive-1")
KINDS = ("unusable", "cut_off", *MARKS)
"""Why answers were asked for again."""


def play(arguments: argparse.Namespace) -> Run:
    """Make the run, or finish it where it was begun."""
    folder = Path(arguments.out)
    if folder.exists():
        return resume(folder)
    name = arguments.model if ":" in arguments.model else f"gguf:{arguments.model}"
    config = RunConfig(
        scenarios=tuple(arguments.scenarios.split(",")),
        conditions=tuple(arguments.conditions.split(",")),
        models=(f"{name}?max_tokens={arguments.max_tokens}&timeout={arguments.timeout}",),
        planner=arguments.planner,
        calls=arguments.calls,
        k=arguments.k,
        max_turns=arguments.max_turns,
        seed=arguments.seed,
        concurrency=arguments.concurrency,
    )
    return generate(config, out=folder)


def stage_rows(calls: Iterable[Call]) -> Iterator[list[str]]:
    """Yield a row for each stage: its calls, what was asked again, tokens and time."""
    stages: dict[str, list[Call]] = {}
    for call in calls:
        stages.setdefault(call.stage, []).append(call)
    for stage, made in [*stages.items(), ("all", [call for part in stages.values() for call in part])]:
        again = sum((Counter(call.again) for call in made), Counter[str]())
        seconds, out = sum(call.seconds for call in made), sum(call.tokens_out for call in made)
        yield [
            stage,
            f"{len(made):,}",
            f"{sum(bool(call.again) for call in made):,}",
            *(f"{again[kind]:,}" for kind in KINDS),
            f"{sum(call.tokens_in for call in made):,}",
            f"{sum(call.tokens_cached for call in made):,}",
            f"{out:,}",
            f"{seconds:,.0f}",
            f"{out / seconds:.1f}" if seconds else "",
        ]


def dialogue_rows(dialogues: Sequence[Dialogue]) -> Iterator[list[str]]:
    """Yield a row for each dialogue: its ending, and what stayed wrong with its turns."""
    for dialogue in dialogues:
        turns = dialogue.turns
        judged = [turn for turn in turns if len(turn.rollouts) > 1]
        tied = sum(len({candidate.score for candidate in turn.rollouts}) == 1 for turn in judged)
        marks = Counter(mark for turn in turns for mark in turn.marks)
        value = dialogue.outcome.joint_value
        yield [
            dialogue.id,
            str(len(turns)),
            dialogue.end,
            dialogue.outcome.status,
            "" if value is None else f"{value:.1f}",
            f"{tied} of {len(judged)}",
            *(str(marks[mark]) for mark in MARKS),
        ]


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print("| " + " | ".join(headings) + " |")
    print("|---" * len(headings) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="path of a GGUF file, or a model's name")
    parser.add_argument("--out", default="runs/real-model")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--conditions", default=",".join(CONDITIONS))
    parser.add_argument("--planner", default="rollout")
    parser.add_argument("--calls", default="separate", choices=("separate", "fused"))
    parser.add_argument("--k", type=int, default=2)
    parser.add_argument("--max-turns", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=1024)
    parser.add_argument("--timeout", type=int, default=1800)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    run = play(arguments)
    dialogues = list(run)
    print(f"{date.today()}, {arguments.model}, {platform.machine()}, Python {platform.python_version()}\n")
    stages = ("stage", "answers", "again", *KINDS, "tokens in", "cached", "out", "seconds", "out/s")
    print_table(stages, stage_rows(call for dialogue in dialogues for call in dialogue.calls))
    print_table(
        ("dialogue", "turns", "end", "outcome", "joint value", "tied", *MARKS), dialogue_rows(dialogues)
    )


if __name__ == "__main__":
    main()
