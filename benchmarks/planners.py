"""Planners at equal budgets: the same seeds, both roles, as many evaluations (or tokens) a reply within 5 %.

One side plans, the other is always the simulated negotiator without planning. Embedded, the budget of a
reply is counted in evaluations: each utterance that is composed or imagined, and each time something is
valued. With `--model` it is counted in tokens. Planners whose cost cannot be set are baselines outside the
budget.

    python benchmarks/planners.py                       # embedded, offline
    python benchmarks/planners.py --model openai:NAME --budget 6000 --dialogues 10
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from negosim import RunConfig, generate
from negosim.agents import Score, Speech, Trial, World
from negosim.agents.sim import SimAgent, SimJudge
from negosim.config import Objective
from negosim.measures import Difference, dialogue_rows, difference, estimate
from negosim.records import Rollout
from negosim.scenarios import Role
from negosim.store import Run
from negosim.views import View

SCENARIOS = ("viatex", "casino-two", "sally-soprano", "parker-gibson", "rose-lane")
WITHIN = 0.05
"""How far a planner's budget may be from the one asked for."""
MEASURES = ("gain", "joint_share", "agreed", "false_claims")
EMBEDDED = ("direct", "reflect", "rollout", "gdp-zero", "audience")
CHAT = (
    "direct",
    "cot",
    "procot",
    "reflect",
    "rollout",
    "tomma",
    "stance",
    "audience",
    "grounded",
    "gdp-zero",
)
LEVERS = {
    "rollout": ("rollout", 2, 25),
    "gdp-zero": ("gdp-zero:k=20,n={}", 3, 40),
    "audience": ("audience:audiences={}", 1, 20),
    "stance": ("stance:claims={}", 1, 10),
}
"""By planner: how it is written with its cost set (of `rollout` it is K), the least and the most of it."""


@dataclass
class Count:
    """Evaluations of one planner."""

    evaluations: int = 0


class CountedWorld:
    """The world that the counted negotiator imagines; it counts each time something is valued."""

    def __init__(self, world: World, count: Count) -> None:
        self._world, self._count = world, count

    async def prior(self, view: View, samples: int) -> Any:
        return await self._world.prior(view, samples)

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        return await self._world.realise(view, act, attempt)

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        self._count.evaluations += 1
        return await self._world.worth(view, probes, first)


class CountedAgent(SimAgent):
    """The simulated negotiator; it counts what it composes, for itself or for imagined others."""

    def __init__(self, count: Count) -> None:
        super().__init__()
        self._count, self._judge = count, SimJudge()

    async def speak(self, view: View) -> Speech:
        self._count.evaluations += 1
        return await super().speak(view)

    async def rollout(self, view: View, tactic: str) -> Rollout:
        self._count.evaluations += 1
        return await super().rollout(view, tactic)

    async def score(
        self, view: View, rollouts: Sequence[Rollout], objective: Objective, other_sides: Sequence[Role]
    ) -> Sequence[Score]:
        self._count.evaluations += len(rollouts)
        return await self._judge.score(view, rollouts, objective, other_sides)

    async def world(self, view: View) -> Any:
        return CountedWorld(await super().world(view), self._count)


class PlainPartner(SimAgent):
    """The other side: the simulated negotiator, whom the run's planner passes by."""

    self_directed, votes = True, True


@dataclass
class Played:
    """What one planner did."""

    planner: str
    written: str
    frame: pd.DataFrame
    per_reply: float
    """Evaluations or tokens."""
    seconds: float
    """Of the machine, a reply."""
    calls: float
    notes: list[str] = field(default_factory=list)


def written(planner: str, lever: int | None) -> tuple[str, int]:
    """Return a planner with its cost set, and K."""
    if lever is None:
        return planner, 3
    return (planner, lever) if planner == "rollout" else (LEVERS[planner][0].format(lever), 3)


def play(planner: str, lever: int | None, settings: argparse.Namespace, dialogues: int, seed: int) -> Played:
    """Let a planner play both roles, honest and allowed to lie, each on the same seeds."""
    spelt, k = written(planner, lever)
    frames, spent, replies, seconds, calls = [], 0.0, 0, 0.0, 0
    for role in (0, 1):
        count = Count()
        agents: list[Any] = [PlainPartner(), PlainPartner()]
        agents[role] = None if settings.model else CountedAgent(count)
        models = ["sim", "sim"]
        models[role] = settings.model or "sim"
        config = RunConfig(
            scenarios=settings.scenarios,
            models=models,
            planner=spelt,
            k=k,
            objective="own",
            conditions=["honest", f"deceptive-{role + 1}"],
            dialogues=dialogues,
            seed=seed,
        )
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            run = generate(config, out=Path(folder) / "run", agents=agents)
            seconds += time.perf_counter() - began
            frame = dialogue_rows(run)
            said = _replies(run, role)
        if settings.model:
            spent += float(frame["tokens_in"].sum() + frame["tokens_out"].sum())
            calls += int(frame["calls"].sum())
        else:
            spent += count.evaluations
        replies += said
        frame = frame.assign(gain=frame[f"gain_{role + 1}"], index=frame["index"] * 2 + role)
        frame["condition"] = frame["condition"].replace(f"deceptive-{role + 1}", "deceptive")
        frames.append(frame.drop(columns=[name for name in frame if name.startswith("model_")]))
    whole = pd.concat(frames, ignore_index=True)
    return Played(planner, f"{spelt} K={k}" if planner == "rollout" else spelt, whole, spent / replies,
                  seconds / replies, calls / replies)  # fmt: skip


def _replies(run: Run, role: int) -> int:
    return sum(turn.role == role for dialogue in run for turn in dialogue.turns)


def fitted(planner: str, settings: argparse.Namespace) -> Played:
    """Play with a planner's cost set so that a reply takes the budget: what comes nearest to it of a few."""
    if planner not in LEVERS:
        return play(planner, None, settings, settings.dialogues, settings.seed)
    _, low, high = LEVERS[planner]
    ends = {
        lever: play(planner, lever, settings, 1, settings.seed).per_reply
        for lever in (low, min(high, 3 * low))
    }
    slope = (max(ends.values()) - min(ends.values())) / (max(ends) - min(ends))
    lever = round(min(ends) + (settings.budget - min(ends.values())) / max(slope, 1e-9))
    made: dict[int, Played] = {}
    while len(made) < 4:
        lever = min(high, max(low, lever))
        if lever in made:
            break
        made[lever] = play(planner, lever, settings, settings.dialogues, settings.seed)
        lever = round(lever * settings.budget / made[lever].per_reply)
    return min(made.values(), key=lambda one: abs(one.per_reply - settings.budget))


def table(made: Sequence[Played], settings: argparse.Namespace) -> str:
    """Return the comparison as Markdown, each planner less the first one, on matched dialogues."""
    unit = "tokens" if settings.model else "evaluations"
    heads = ["planner", f"{unit} a reply", "own gain", "less direct", "joint share", "less direct"]
    heads += ["agreement", "less direct", "false claims", "less direct", "calls", "ms a reply"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    whole = pd.concat([one.frame.assign(planner=one.planner) for one in made], ignore_index=True)
    for one in made:
        apart = "" if abs(one.per_reply / settings.budget - 1) <= WITHIN else " (outside)"
        cells = [f"`{one.written}`", f"{one.per_reply:.1f}{apart}"]
        for name in MEASURES:
            cells.append(_value(one.frame, name))
            cells.append("" if one is made[0] else _less(whole, name, made[0].planner, one.planner))
        cells += [f"{one.calls:.1f}", f"{1000 * one.seconds:.1f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _value(frame: pd.DataFrame, name: str) -> str:
    found = estimate(frame, name, scope="these")
    return "–" if found.value is None else f"{found.value:.3f}"


def _less(whole: pd.DataFrame, name: str, first: str, planner: str) -> str:
    if whole[name].isna().all():
        return "–"
    found: Difference = difference(whole, name, "planner", a=first, b=planner, scope="these")
    if found.value is None:
        return "–"
    ends = "" if found.low is None else f" [{found.low:+.3f}, {found.high:+.3f}]"
    return f"{found.value:+.3f}{ends}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", help="chat model that plans; embedded without one")
    parser.add_argument("--planners", default="", help="with commas; the first is compared with")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--dialogues", type=int, default=3, help="a scenario, condition and role")
    parser.add_argument("--budget", type=float, help="evaluations (51) or tokens (6000) a reply")
    parser.add_argument("--seed", type=int, default=0)
    settings = parser.parse_args()
    settings.scenarios = settings.scenarios.split(",")
    settings.budget = settings.budget or (6000.0 if settings.model else 51.0)
    names = [name for name in settings.planners.split(",") if name] or (CHAT if settings.model else EMBEDDED)
    began, made = time.perf_counter(), []
    for name in names:
        made.append(fitted(name, settings))
        print(f"{made[-1].written}: {made[-1].per_reply:.1f} a reply", flush=True)
    print(f"\n{date.today()}, {platform.machine()}, Python {platform.python_version()}")
    print(f"{len(made[0].frame)} dialogues a planner, {time.perf_counter() - began:.0f} s\n")
    print(table(made, settings))


if __name__ == "__main__":
    main()
