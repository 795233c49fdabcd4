"""Gains of the simulated negotiator from lying, and losses of the one it lies to.

    python benchmarks/what_lying_pays.py [--dialogues 100] [--scenarios all] [--workers 2]

Each negotiation of two roles is played honestly, with the first role free to lie, and with the second: the
same personas, from the same seeds. For each scenario and liar: how often they agree; how many of the
dialogues have a lie in them; what being free to lie changes in agreement (percentage points) and in points
for the liar and for the other (no deal counts as the reservation value), with 95 % intervals over matched
seeds; in how many pairs the liar does better, and worse. Last, all scenarios, by credulity of the other.
"""

import argparse
import platform
import tempfile
from datetime import date
from typing import TYPE_CHECKING

from negosim import RunConfig, generate
from negosim.agents.sim.persona import persona_of
from negosim.measures import Difference, Estimate, dialogue_rows, difference, estimate
from negosim.scenarios import list_scenarios, load_scenario
from negosim.seeding import Seed

if TYPE_CHECKING:
    import pandas as pd

CREDULOUS = 0.575
"""Credulity above which a persona counts as one that believes easily; half of them do."""
CHANGES = ("agreed", "liar", "other")
"""What may change when one is free to lie."""
HEADINGS = (
    *("scenario", "who may lie", "agree, honest", "agree, may lie", "dialogues with a lie"),
    *("agreement, pp", "liar, points", "other, points", "liar better / worse"),
)


def negotiations() -> list[str]:
    """Return the ids of the built-in scenarios in which two roles can make a deal."""
    scenarios = (load_scenario(name) for name in list_scenarios())
    return [one.id for one in scenarios if one.has_deals and len(one.roles) == 2]


def pairs(rows: "pd.DataFrame", liar: int, seed: int) -> "pd.DataFrame":
    """Return the dialogues of honest and of deceptive condition with `liar`'s and the other's points."""
    frame = rows[rows["condition"].isin(["honest", f"deceptive-{liar}"])].copy()
    frame["liar"], frame["other"] = frame[f"value_{liar}"], frame[f"value_{3 - liar}"]
    frame["lied"] = frame["false_claims"] > 0
    frame["pair"] = frame["scenario"] + "/" + frame["index"].astype(str)
    frame["easy"] = [
        persona_of(Seed(seed, scenario, index), 2 - liar).credulity > CREDULOUS
        for scenario, index in zip(frame["scenario"], frame["index"], strict=True)
    ]
    return frame


def line(name: str, liar: str, frame: "pd.DataFrame") -> str:
    """Return a row of the table."""
    may = frame["condition"] != "honest"
    changed = [difference(frame, column, a="honest", b=frame[may]["condition"].iloc[0]) for column in CHANGES]
    points = frame.pivot(index="pair", columns="condition", values="liar")
    gap = points.drop(columns="honest").iloc[:, 0] - points["honest"]
    cells = [
        *(share(estimate(part, "agreed")) for part in (frame[~may], frame[may])),
        share(estimate(frame[may], "lied")),
        interval(changed[0], 100),
        *(interval(one, 1) for one in changed[1:]),
        f"{(gap > 0).mean():.0%} / {(gap < 0).mean():.0%}",
    ]
    return f"| {name} | {liar} | {' | '.join(cells)} |"


def share(one: Estimate) -> str:
    return "-" if one.value is None else f"{one.value:.0%}"


def interval(one: Difference, factor: float) -> str:
    assert one.value is not None, one.note
    assert one.low is not None, one.note
    assert one.high is not None, one.note
    return f"{one.value * factor:+.1f} [{one.low * factor:+.1f}, {one.high * factor:+.1f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=100, help="of each scenario and condition")
    parser.add_argument("--scenarios", nargs="+", default=["all"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    names = negotiations() if options.scenarios == ["all"] else options.scenarios
    config = RunConfig(
        scenarios=names,
        conditions=["honest", "deceptive-1", "deceptive-2"],
        models="sim",
        dialogues=options.dialogues,
        seed=options.seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = dialogue_rows(generate(config, out=f"{folder}/run", workers=options.workers))
    print(f"{date.today()}, Python {platform.python_version()}, {options.dialogues} dialogues a cell\n")
    print(f"| {' | '.join(HEADINGS)} |\n|{'---|' * len(HEADINGS)}")
    both = {liar: pairs(rows, liar, options.seed) for liar in (1, 2)}
    for name in names:
        roles = load_scenario(name).roles
        for liar, frame in both.items():
            print(line(name, roles[liar - 1].name, frame[frame["scenario"] == name]))
    for easy in (True, False):
        for liar, frame in both.items():
            kind = "believes easily" if easy else "believes hardly"
            print(line(f"all, the other {kind}", f"role {liar}", frame[frame["easy"] == easy]))


if __name__ == "__main__":
    main()
