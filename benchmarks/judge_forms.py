"""How well the rollout judge chooses, by the form it is asked in: a score for each, or their order first.

    python benchmarks/judge_forms.py MODEL [--choices 12] [--out FILE.jsonl]

A choice is a moment of a dialogue of simulated negotiators and three candidates, each the offer of a complete
deal. The second deal is worth less to both sides than the first by a tenth of what is at stake or more, and
the third less than the second: whatever is judged, the first is best. Every choice is put in each form and in
two orders, one the other backwards. Printed are, with 95 % intervals (Wilson): right, the best candidate won
(1/3 by chance); steady, the same one in both orders; tied, all scores alike; first shown, the one shown first
won. Answers go to FILE, and a second start goes on behind them.
"""

import argparse
import asyncio
import itertools
import json
import platform
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from negosim import RunConfig, generate
from negosim.agents import ChatJudge
from negosim.engine._plan import resolve
from negosim.errors import ProtocolError
from negosim.models import Ledger, ModelClient, ModelSpec, open_model
from negosim.prompts import PromptWriter
from negosim.records import Rollout
from negosim.scenarios import DealSpace, Scenario
from negosim.table import table_after
from negosim.views import View, view_of

SCENARIOS = ("viatex", "rose-lane", "wild-beds", "sally-soprano")
FORMS = ("score", "compare")
APART = 0.1
"""By which share of the points at stake the deals of a choice differ at least, for each side."""
REPLY = "Let me see what that would mean for us."
WAYS = (
    "Here is what I suggest we agree on: {deal}. With that we can shake hands today.",
    "Let me put a whole package on the table: {deal}. It settles every point between us.",
    "I have thought about what would work: {deal}. Shall we do it this way?",
)


@dataclass(frozen=True)
class Choice:
    """A moment, and candidates from the best to the worst."""

    id: str
    view: View
    candidates: tuple[Rollout, ...]


def deals(scenario: Scenario, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return three deals, each worth less to all sides than the one before it."""
    space = DealSpace(scenario)
    least = APART * (space.values.max(axis=0) - space.values.min(axis=0))
    best = np.flatnonzero(space.pareto & (space.values >= space.reservations).all(axis=1))
    while True:
        chosen = [int(rng.choice(best))]
        for _ in range(2):
            worse = np.flatnonzero((space.values <= space.values[chosen[-1]] - least).all(axis=1))
            if not len(worse):
                break
            chosen.append(int(rng.choice(worse)))
        if len(chosen) == 3:
            return [space.deal(number) for number in chosen]


def choices(count: int, folder: Path) -> Iterator[Choice]:
    """Yield moments of simulated dialogues, in turn from each scenario and role."""
    config = RunConfig(scenarios=SCENARIOS, dialogues=-(-count // len(SCENARIOS)), planner="direct")
    plan, rng = resolve(config), np.random.default_rng(0)
    dialogues = list(generate(config, out=folder / "moments"))
    for number in range(count):
        index, place = divmod(number, len(SCENARIOS))
        job = next(job for job in plan.jobs if (job.scenario, job.index) == (SCENARIOS[place], index))
        (dialogue,) = (each for each in dialogues if each.id == job.id)
        scenario = plan.scenarios[job.scenario]
        said = dialogue.turns[: 2 + index % 3]
        side = plan.side(job, (said[-1].role + 1) % 2)
        table = table_after(scenario, ((turn.role, turn.utterance) for turn in said))
        found = deals(scenario, rng)
        tactics = rng.permutation(len(side.tactics.tactics))[:3]
        candidates = tuple(
            Rollout(
                tactic=side.tactics.tactics[tactic].id,
                utterance=WAYS[way].format(deal=side.describe(deal)),
                expected_reply=REPLY,
            )
            for deal, tactic, way in zip(found, tactics, rng.permutation(len(WAYS)), strict=True)
        )
        yield Choice(f"{job.id} {len(said)}", view_of(side, said, table), candidates)


async def judged(client: ModelClient, choice: Choice, form: Any, order: Sequence[int]) -> dict[str, Any]:
    """Return scores and places of the candidates, the best first, as a judge gives them."""
    plan = resolve(RunConfig(scenarios=(choice.id.partition(".")[0],)))
    (prompts,) = plan.prompts.values()
    judge = ChatJudge(client, PromptWriter(prompts, choice.view.side), Ledger(), form=form)
    try:
        scores = await judge.score(choice.view, [choice.candidates[place] for place in order], "joint", ())
    except ProtocolError as error:
        return {"failed": str(error)}
    by_place = dict(zip(order, scores, strict=True))
    found = [by_place[place] for place in range(len(order))]
    return {
        "scores": [score.score for score in found],
        "ranks": [score.rank for score in found],
        "chosen": max(order, key=lambda place: by_place[place].merit),
    }


async def ask(arguments: argparse.Namespace, put: Sequence[Choice]) -> None:
    """Put every choice in each form and order, and append what came to the file."""
    spec, out = ModelSpec.parse(arguments.model), Path(arguments.out)
    done = {(row["choice"], row["form"], tuple(row["order"])) for row in rows_of(out)}
    model = open_model(arguments.model)
    client = ModelClient(model, temperature=spec.temperature, max_tokens=spec.max_tokens)
    for number, choice in enumerate(put):
        order = tuple(np.random.default_rng(number).permutation(3).tolist())
        for form, shown in itertools.product(FORMS, (order, order[::-1])):
            if (choice.id, form, shown) not in done:
                row = {"choice": choice.id, "form": form, "order": shown}
                row |= await judged(client, choice, form, shown)
                append(out, row)
    await model.close()


def append(out: Path, row: dict[str, Any]) -> None:
    """Put an answer behind those that are there."""
    with out.open("a") as file:
        file.write(json.dumps(row) + "\n")


def rows_of(out: Path) -> list[dict[str, Any]]:
    """Return the answers that are there."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def share(hits: Sequence[bool]) -> str:
    """Write a share with its interval."""
    if not hits:
        return "-"
    around = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return f"{sum(hits) / len(hits):.2f} [{around.low:.2f}, {around.high:.2f}]"


def told(rows: Sequence[dict[str, Any]]) -> Iterator[list[str]]:
    """Yield a row for each form."""
    for form in FORMS:
        mine = [row for row in rows if row["form"] == form]
        answered = [row for row in mine if "chosen" in row]
        by_choice: dict[str, list[int]] = {}
        for row in answered:
            by_choice.setdefault(row["choice"], []).append(row["chosen"])
        yield [
            form,
            f"{len(answered)} of {len(mine)}",
            share([row["chosen"] == 0 for row in answered]),
            share([len(set(pair)) == 1 for pair in by_choice.values() if len(pair) == 2]),
            share([len(set(row["scores"])) == 1 for row in answered]),
            share([row["chosen"] == row["order"][0] for row in answered]),
            share([row["ranks"].index(1) == 0 for row in answered]) if form == "compare" else "",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--choices", type=int, default=12)
    parser.add_argument("--out", default="judge-forms.jsonl")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        put = list(choices(arguments.choices, Path(folder)))
    asyncio.run(ask(arguments, put))
    print(f"{date.today()}, {arguments.model}, {platform.machine()}, Python {platform.python_version()}\n")
    headings = ("form", "answered", "right", "steady", "tied", "first shown", "right by place alone")
    print("| " + " | ".join(headings) + " |\n" + "|---" * len(headings) + "|")
    for row in told(rows_of(Path(arguments.out))):
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
