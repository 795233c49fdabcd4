"""How well the classifier of attitudes tells what simulated discussants think (docs/planners.md).

Discussants talk over the built-in claim and are asked after every utterance how far they share it; the
classifier is trained on four fifths of the dialogues and told apart from guessing on the others.

    python benchmarks/attitudes.py [--dialogues 60] [--seeds 3]
"""

import argparse
import platform
import tempfile
import time
from datetime import date
from importlib.resources import files
from pathlib import Path

from negosim import RunConfig, generate
from negosim.planners.attitude_examples import read_examples
from negosim.planners.attitude_training import train_attitudes


def asked_each_turn() -> str:
    """Return the built-in scenario with its measure asked after every utterance, too."""
    given = files("negosim.scenarios").joinpath("wild-beds.yaml").read_text(encoding="utf-8")
    asked = given.replace("when: [before, after]", "when: [before, each_turn, after]")
    assert asked != given
    return asked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--dialogues", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    began = time.process_time()
    heads = (
        "dialogues",
        "held out",
        "class told right",
        "by the commonest class",
        "mean error",
        "by the mean",
    )
    print(f"| {' | '.join(heads)} |")
    print("|" + "---:|" * len(heads))
    for seed in range(given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            scenario, run = Path(folder) / "wild-beds.yaml", Path(folder) / "run"
            scenario.write_text(asked_each_turn(), encoding="utf-8")
            generate(RunConfig(scenarios=str(scenario), dialogues=given.dialogues, seed=seed), out=run)
            card = train_attitudes(*read_examples([str(run)], {}), seed=seed).card
        print(f"| {given.dialogues} | {card.held_out} | {card.accuracy:.1%} | {card.majority:.1%} | "
              f"{card.error:.3f} | {card.constant_error:.3f} |", flush=True)  # fmt: skip
    print(f"\n{date.today()}, {platform.machine()}, Python {platform.python_version()}, "
          f"{time.process_time() - began:.0f} s of CPU")  # fmt: skip


if __name__ == "__main__":
    main()
