"""Planners at equal budgets: the same seeds, as many evaluations (or tokens) a reply within 5 %.

One side plans. The other is the simulated negotiator without planning (both roles are played in turn, honest
and allowed to lie), or a simulated donor or help-seeker. Embedded, the budget of a reply is counted in
evaluations: each utterance that is composed or imagined, and each time somebody's standing is valued. With
`--model` it is counted in tokens. Planners whose cost cannot be set are baselines outside the budget.

    python benchmarks/planners.py                       # embedded, offline: negotiations, donation, support
    python benchmarks/planners.py --scenarios donation --dialogues 200
    python benchmarks/planners.py --model openai:NAME --budget 6000 --dialogues 10
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from planner_counts import Count, CountedAgent, CountedTalker, PlainPartner

from negosim import RunConfig, generate, load_scenario
from negosim.agents.users import user_role
from negosim.measures import Difference, dialogue_rows, difference, estimate

SCENARIOS = ("viatex", "casino-two", "sally-soprano", "parker-gibson", "rose-lane", "donation", "support")
WITHIN = 0.05
"""How far a planner's budget may be from the one asked for."""
EMBEDDED = ("direct", "reflect", "rollout", "gdp-zero", "audience")
TALKING = ("direct", "gdp-zero", "audience")
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
    "gdp-zero": ("gdp-zero:k=20,n={}", 2, 40),
    "audience": ("audience:audiences={}", 1, 20),
    "stance": ("stance:claims={}", 1, 10),
}
"""By planner: how it is written with its cost set (of `rollout` it is K), the least and the most of it."""
SKILL = 0.3
"""Of the embedded persuader and supporter, where they do not search."""


@dataclass(frozen=True)
class Contest:
    """Scenarios of one kind, and what is compared in them."""

    scenarios: tuple[str, ...]
    roles: tuple[int, ...]
    """Who plans, in turn."""
    deals: bool
    model: str | None
    planners: tuple[str, ...]
    budget: float
    dialogues: int
    """Of a scenario, condition and role."""
    seed: int

    @property
    def measures(self) -> tuple[str, ...]:
        return ("gain", "joint_share", "agreed", "false_claims") if self.deals else ("reward",)

    def conditions(self, role: int) -> list[str]:
        return ["honest", f"deceptive-{role + 1}"] if self.deals else ["honest"]

    def players(self, role: int, count: Count) -> tuple[list[Any], list[str]]:
        """Return who plays where `role` plans: objects, and names where there is None."""
        agents: list[Any] = [PlainPartner(), PlainPartner()] if self.deals else [None, None]
        models = ["sim", "sim"] if self.deals else ["user", "user"]
        models[role] = self.model or "sim"
        if self.model:
            agents[role] = None
        else:
            agents[role] = (
                CountedAgent(count) if self.deals else partial(CountedTalker, skill=SKILL, count=count)
            )
        return agents, models


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


def contests(settings: argparse.Namespace) -> Iterator[Contest]:
    """Yield what is compared: the negotiations at once, each scenario with a simulated user by itself."""
    loaded = {name: load_scenario(name) for name in settings.scenarios.split(",")}
    chosen = tuple(name for name in settings.planners.split(",") if name)
    deals = tuple(name for name, scenario in loaded.items() if scenario.issues)
    rest = {"model": settings.model, "seed": settings.seed}
    if deals:
        planners = chosen or (CHAT if settings.model else EMBEDDED)
        budget = settings.budget or (6000.0 if settings.model else 33.0)
        count = settings.dialogues or 3
        yield Contest(deals, (0, 1), True, planners=planners, budget=budget, dialogues=count, **rest)
    for name in (one for one in loaded if one not in deals):
        planners = chosen or (CHAT if settings.model else TALKING)
        budget = settings.budget or (6000.0 if settings.model else 120.0)
        talker = 1 - (user_role(loaded[name]) or 0)
        count = settings.dialogues or 50
        yield Contest((name,), (talker,), False, planners=planners, budget=budget, dialogues=count, **rest)


def play(planner: str, lever: int | None, contest: Contest, dialogues: int) -> Played:
    """Let a planner play its roles, on the same seeds as every other."""
    spelt, k = planner, 3
    if lever is not None:
        spelt, k = (planner, lever) if planner == "rollout" else (LEVERS[planner][0].format(lever), 3)
    frames, spent, replies, seconds, calls = [], 0.0, 0, 0.0, 0
    for role in contest.roles:
        count = Count()
        agents, models = contest.players(role, count)
        config = RunConfig(
            scenarios=contest.scenarios,
            models=models,
            planner=spelt,
            k=k,
            objective="own",
            conditions=contest.conditions(role),
            dialogues=dialogues,
            seed=contest.seed,
        )
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            # Answers that were kept would cost no tokens.
            run = generate(config, out=Path(folder) / "run", agents=agents, cache=False)
            seconds += time.perf_counter() - began
            frame = dialogue_rows(run)
            replies += sum(turn.role == role for dialogue in run for turn in dialogue.turns)
        if contest.model:
            spent += float(frame["tokens_in"].sum() + frame["tokens_out"].sum())
            calls += int(frame["calls"].sum())
        else:
            spent += count.evaluations
        frames.append(_own(frame, role, contest))
    if not spent:
        raise SystemExit(f"{spelt}: no dialogue was made; try the model with `negosim models check`")
    whole = pd.concat(frames, ignore_index=True)
    return Played(planner, f"{spelt} K={k}" if planner == "rollout" else spelt, whole, spent / replies,
                  seconds / replies, calls / replies)  # fmt: skip


def _own(frame: pd.DataFrame, role: int, contest: Contest) -> pd.DataFrame:
    """Return the rows of one role's dialogues, in terms of who planned."""
    kind = "gain" if contest.deals else "reward"
    frame = frame.assign(**{kind: frame[f"{kind}_{role + 1}"], "index": frame["index"] * 2 + role})
    frame["condition"] = frame["condition"].replace(f"deceptive-{role + 1}", "deceptive")
    return frame.drop(columns=[name for name in frame if name.startswith("model_")])


def fitted(planner: str, contest: Contest) -> Played:
    """Play with a planner's cost set so that a reply takes the budget: what comes nearest to it of a few."""
    if planner not in LEVERS:
        return play(planner, None, contest, contest.dialogues)
    _, low, high = LEVERS[planner]
    few = max(1, contest.dialogues // 10)
    ends = {lever: play(planner, lever, contest, few).per_reply for lever in (low, min(high, 3 * low))}
    slope = (max(ends.values()) - min(ends.values())) / (max(ends) - min(ends))
    lever = round(min(ends) + (contest.budget - min(ends.values())) / max(slope, 1e-9))
    made: dict[int, Played] = {}
    while len(made) < 3:
        lever = min(high, max(low, lever))
        if lever in made:  # its neighbour on the other side of the budget may be nearer
            step = 1 if made[lever].per_reply < contest.budget else -1
            lever = min(high, max(low, lever + step))
        if lever in made:
            break
        made[lever] = play(planner, lever, contest, contest.dialogues)
        if _within(made[lever], contest):
            break
        lever = round(lever * contest.budget / made[lever].per_reply)
    return min(made.values(), key=lambda one: abs(one.per_reply - contest.budget))


def _within(one: Played, contest: Contest) -> bool:
    return abs(one.per_reply / contest.budget - 1) <= WITHIN


def table(made: Sequence[Played], contest: Contest) -> str:
    """Return the comparison as Markdown, each planner less the first one, on matched dialogues."""
    unit = "tokens" if contest.model else "evaluations"
    heads = ["planner", f"{unit} a reply"]
    for name in contest.measures:
        heads += [name.replace("_", " "), f"less {made[0].planner}"]
    heads += ["calls", "ms a reply"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    whole = pd.concat([one.frame.assign(planner=one.planner) for one in made], ignore_index=True)
    for one in made:
        apart = "(baseline)" if one.planner not in LEVERS else "" if _within(one, contest) else "(outside)"
        cells = [f"`{one.written}`", f"{one.per_reply:.1f} {apart}".strip()]
        for name in contest.measures:
            cells.append(_value(one.frame, name))
            cells.append("" if one is made[0] else _less(whole, name, made[0].planner, one.planner))
        cells += [f"{one.calls:.1f}", f"{1000 * one.seconds:.0f}"]
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
    parser.add_argument("--dialogues", type=int, help="a scenario, condition and role (3; with users 50)")
    parser.add_argument(
        "--budget", type=float, help="evaluations (33; with users 120) or tokens (6000) a reply"
    )
    parser.add_argument("--seed", type=int, default=0)
    settings = parser.parse_args()
    print(f"{date.today()}, {platform.machine()}, Python {platform.python_version()}", flush=True)
    for contest in contests(settings):
        began, cpu, made = time.perf_counter(), time.process_time(), []
        for name in contest.planners:
            made.append(fitted(name, contest))
            print(f"{made[-1].written}: {made[-1].per_reply:.1f} a reply", flush=True)
        spent = f"{time.process_time() - cpu:.0f} s of CPU, {time.perf_counter() - began:.0f} s in all"
        names = ", ".join(contest.scenarios)
        print(f"\n{names}: {len(made[0].frame)} dialogues a planner, {spent}\n")
        print(table(made, contest) + "\n", flush=True)


if __name__ == "__main__":
    main()
