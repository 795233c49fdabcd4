"""Gains of the simulated negotiator from lying, and losses of the one it lies to, by credulity of the other.

    python benchmarks/what_lying_pays.py [--dialogues 60] [--scenarios all] [--workers 2]

Each negotiation of two roles is played honestly, with the first role free to lie, and with the second: the
same personas, from the same seeds. For each scenario, liar and credulity of the other: the matched pairs; how
often they agree; how many of the dialogues have a lie in them; what being free to lie changes in agreement
(percentage points) and in points for the liar and for the other (no deal counts as the reservation value),
with 95 % intervals over matched seeds; in how many pairs the liar does better, and worse. Last, all scenarios
together: by credulity, and by whether the other caught the liar at anything. The planner is "direct".
"""

import argparse
import platform
import tempfile
from datetime import date
from typing import TYPE_CHECKING

from negosim import Run, RunConfig, generate
from negosim.agents.sim.persona import persona_of
from negosim.agents.sim.plan import plan_for
from negosim.measures import Difference, Estimate, dialogue_rows, difference, estimate
from negosim.records import Dialogue
from negosim.scenarios import list_scenarios, load_scenario
from negosim.seeding import Seed
from negosim.table import table_after
from negosim.taxonomies import load_taxonomy
from negosim.views import side_of, view_of

if TYPE_CHECKING:
    import pandas as pd

HALVES = {"believes easily": (0.575, 1.0), "believes hardly": (0.0, 0.575)}
THIRDS = {"believes easily": (0.7, 1.0), "in between": (0.45, 0.7), "believes hardly": (0.0, 0.45)}
"""Bands of credulity into which personas fall alike, from (and with) one bound to below the other."""
CHANGES = ("agreed", "liar", "other")
"""What may change when one is free to lie."""
HEADINGS = (
    *("scenario", "who may lie", "the other", "pairs", "agree, honest", "agree, may lie"),
    *("dialogues with a lie", "agreement, pp", "liar, points", "other, points", "liar better / worse"),
)


def negotiations() -> list[str]:
    """Return the ids of the built-in scenarios in which two roles can make a deal."""
    scenarios = (load_scenario(name) for name in list_scenarios())
    return [one.id for one in scenarios if one.has_deals and len(one.roles) == 2]


def caught(run: Run, dialogue: Dialogue, liar: int, seed: int) -> bool:
    """Return whether the other has found anything false that the liar (0 or 1) said."""
    scenario, other = run.scenario_of(dialogue), 1 - liar
    side = side_of(
        scenario,
        other,
        deceptive=False,
        opener=scenario.opener_index,
        max_turns=run.config.max_turns,
        tactics=load_taxonomy("persuasion"),
        techniques=load_taxonomy("deception"),
        seed=Seed(seed, scenario.id, dialogue.index),
    )
    table = table_after(scenario, ((turn.role, turn.utterance) for turn in dialogue.turns))
    return plan_for(view_of(side, dialogue.turns, table)).faith[liar].trust < 1


def pairs(rows: "pd.DataFrame", found: set[str], liar: int, seed: int) -> "pd.DataFrame":
    """Return the dialogues of honest and of deceptive condition with `liar`'s and the other's points."""
    frame = rows[rows["condition"].isin(["honest", f"deceptive-{liar}"])].copy()
    frame["liar"], frame["other"] = frame[f"value_{liar}"], frame[f"value_{3 - liar}"]
    frame["lied"] = frame["false_claims"] > 0
    frame["caught"] = frame["id"].isin(found)
    frame["credulity"] = [
        persona_of(Seed(seed, scenario, index), 2 - liar).credulity
        for scenario, index in zip(frame["scenario"], frame["index"], strict=True)
    ]
    may = frame["condition"] != "honest"
    frame["condition"] = may.map({True: "may lie", False: "honest"})
    frame["index"] = frame["index"] * 2 + liar
    frame["pair"] = frame["scenario"] + "/" + frame["index"].astype(str)
    return frame


def line(name: str, liar: str, other: str, frame: "pd.DataFrame") -> str:
    """Return a row of the table."""
    may = frame["condition"] != "honest"
    changed = [difference(frame, column, a="honest", b="may lie", scope="these") for column in CHANGES]
    points = frame.pivot(index="pair", columns="condition", values="liar")
    gap = points["may lie"] - points["honest"]
    cells = [
        str(len(gap)),
        *(share(estimate(part, "agreed")) for part in (frame[~may], frame[may])),
        share(estimate(frame[may], "lied")),
        interval(changed[0], 100),
        *(interval(one, 1) for one in changed[1:]),
        f"{(gap > 0).mean():.0%} / {(gap < 0).mean():.0%}",
    ]
    return f"| {name} | {liar} | {other} | {' | '.join(cells)} |"


def share(one: Estimate) -> str:
    return "-" if one.value is None else f"{one.value:.0%}"


def interval(one: Difference, factor: float) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "-"
    return f"{one.value * factor:+.1f} [{one.low * factor:+.1f}, {one.high * factor:+.1f}]"


def print_table(both: "dict[int, pd.DataFrame]", names: list[str]) -> None:
    """Print a row for each scenario, liar and credulity, and rows for all together."""
    import pandas as pd

    print(f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}")
    for name in names:
        roles = load_scenario(name).roles
        for liar, frame in both.items():
            here = frame[frame["scenario"] == name]
            for band, bounds in HALVES.items():
                print(line(name, roles[liar - 1].name, band, within(here, bounds)))
    frame = pd.concat(both.values())
    may = frame["condition"] == "may lie"
    lied = frame["pair"].isin(frame[frame["lied"] & may]["pair"])
    out = frame["pair"].isin(frame[frame["caught"] & may]["pair"])
    for name, rows in (("all", frame), ("all with a lie", frame[lied])):
        for band, bounds in THIRDS.items():
            print(line(name, "either", band, within(rows, bounds)))
    for band, bounds in HALVES.items():
        for what, rows in (("nothing", frame[lied & ~out]), ("something", frame[lied & out])):
            if len(part := within(rows, bounds)):
                print(line("all with a lie", "either", f"{band}, catches {what}", part))


def within(frame: "pd.DataFrame", bounds: tuple[float, float]) -> "pd.DataFrame":
    """Return the rows in which the other's credulity is within the bounds."""
    low, high = bounds
    return frame[(frame["credulity"] >= low) & (frame["credulity"] < high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=60, help="of each scenario and condition")
    parser.add_argument("--scenarios", nargs="+", default=["all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    names = negotiations() if options.scenarios == ["all"] else options.scenarios
    conditions = ["honest", "deceptive-1", "deceptive-2"]
    config = RunConfig(
        scenarios=names,
        conditions=conditions,
        models="sim",
        planner="direct",
        dialogues=options.dialogues,
        seed=options.seed,
    )
    found: dict[int, set[str]] = {1: set(), 2: set()}
    with tempfile.TemporaryDirectory() as folder:
        run = generate(config, out=f"{folder}/run", workers=options.workers)
        rows = dialogue_rows(run)
        condition = dict(zip(rows["id"], rows["condition"], strict=True))
        for dialogue in run:
            for liar in (1, 2):
                played = condition[dialogue.id] == f"deceptive-{liar}"
                if played and caught(run, dialogue, liar - 1, options.seed):
                    found[liar].add(dialogue.id)
    print(f"{date.today()}, Python {platform.python_version()}, {options.dialogues} dialogues a condition\n")
    print_table({liar: pairs(rows, found[liar], liar, options.seed) for liar in (1, 2)}, names)


if __name__ == "__main__":
    main()
