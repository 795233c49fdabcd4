"""What traits do to outcomes: each trait of a list against none on the same dialogues, paired intervals.

Agent 1, played by the simulated negotiator, has each trait in turn; agent 2 has none.

    python benchmarks/traits.py [--list courtroom] [--scenarios viatex,rose-lane] [--dialogues 25]
"""

import argparse
import platform
import tempfile
import time
from datetime import date
from pathlib import Path

from negosim import RunConfig, generate
from negosim.measures import dialogue_rows, difference
from negosim.traits import load_trait_list

MEASURES = {"gain_1": "own gain", "gain_2": "other's gain", "agreed": "agreement", "turns": "utterances"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--list", default="courtroom", help="id or file of a list of traits")
    parser.add_argument("--scenarios", default="viatex,rose-lane")
    parser.add_argument("--dialogues", type=int, default=25, help="a scenario and trait")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    ids = [trait.id for trait in load_trait_list(given.list).traits]
    began = time.process_time()
    config = RunConfig(
        scenarios=given.scenarios.split(","),
        planner="direct",
        trait_lists=[given.list],
        traits={1: "sweep:none/" + "/".join(ids)},
        dialogues=given.dialogues,
        seed=given.seed,
    )
    with tempfile.TemporaryDirectory() as folder:
        frame = dialogue_rows(generate(config, out=Path(folder) / "run"))
    frame["trait"] = frame["traits_1"].replace("", "none").fillna("none")
    plain = frame[frame["trait"] == "none"]
    print("| trait of agent 1 | " + " | ".join(MEASURES.values()) + " |")
    print("|---" * (1 + len(MEASURES)) + "|")
    print("| none | " + " | ".join(f"{plain[name].astype(float).mean():.3f}" for name in MEASURES) + " |")
    for trait in ids:
        cells = []
        for name in MEASURES:
            found = difference(frame, name, "trait", a="none", b=trait, scope="these")
            ends = "" if found.low is None else f" [{found.low:+.3f}, {found.high:+.3f}]"
            cells.append("–" if found.value is None else f"{found.value:+.3f}{ends}")
        print(f"| `{trait}` | " + " | ".join(cells) + " |")
    print(f"\n{date.today()}, {platform.machine()}, Python {platform.python_version()}: {len(plain)} pairs, "
          f"{time.process_time() - began:.0f} s of CPU")  # fmt: skip


if __name__ == "__main__":
    main()
