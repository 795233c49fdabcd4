"""People beside the simulated negotiator on the same campsite negotiations (CaSiNo).

The preferences of each pair of people become a scenario, and the simulated negotiator plays it once:

    python benchmarks/humans.py ../shared/data/casino --dialogues 300

Prints a row a measure: share of deals that are Pareto-efficient, joint value of deals relative to the best,
agreement, utterances, words an utterance, share of short utterances, offers a dialogue; with 95 % intervals
over dialogues. Accepting, rejecting and submitting by button are moves and no utterances; a word is what
spaces divide. People's offers are the deals they submit: what they propose in words alone is not counted.
"""

import argparse
import datetime
import platform
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import yaml

from negosim import RunConfig, generate
from negosim.importing import read_source, recorded
from negosim.records import Dialogue
from negosim.scenarios import Scenario

SHORT = 5
"""Words that an utterance has at most to be short."""

EFFICIENT, JOINT = "Pareto-efficient (share of deals)", "joint value of deals / best"
AGREEMENT, LENGTH, WORDS = "agreement", "utterances a dialogue", "words an utterance"
SHORTS, OFFERS = f"utterances of at most {SHORT} words", "offers a dialogue"
MEASURES = (EFFICIENT, JOINT, AGREEMENT, LENGTH, WORDS, SHORTS, OFFERS)


def measured(dialogue: Dialogue, scenario: Scenario) -> dict[str, float]:
    """Return what is measured of one dialogue; what it does not have is left out."""
    spoken = [len(turn.utterance.text.split()) for turn in dialogue.turns if not turn.utterance.wordless]
    outcome = dialogue.outcome
    found = {
        AGREEMENT: float(outcome.status == "agreement"),
        LENGTH: float(len(spoken)),
        WORDS: float(np.mean(spoken)),
        SHORTS: float(np.mean([words <= SHORT for words in spoken])),
        OFFERS: float(sum(turn.utterance.action == "offer" for turn in dialogue.turns)),
    }
    if outcome.pareto_distance is not None and outcome.joint_value is not None:
        found[EFFICIENT] = float(outcome.pareto_distance < 1e-9)
        found[JOINT] = outcome.joint_value / scenario.space.best_joint
    return found


def interval(values: Sequence[float], rng: np.random.Generator) -> str:
    """Return the mean and its 95 % bootstrap interval over dialogues."""
    sample = np.asarray(values)
    means = sample[rng.integers(0, len(sample), (4000, len(sample)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{sample.mean():.2f} [{low:.2f}, {high:.2f}]"


def played(scenarios: Mapping[str, Scenario]) -> Iterator[tuple[Dialogue, Scenario]]:
    """Yield one dialogue of the simulated negotiator for each scenario."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, scenario in scenarios.items():
            file = Path(folder, f"{name}.yaml")
            content = scenario.model_dump(mode="json", exclude_defaults=True)
            file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
            files.append(str(file))
        run = generate(RunConfig(scenarios=files), out=Path(folder, "run"))
        yield from ((dialogue, run.scenario_of(dialogue)) for dialogue in run)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder or file of CaSiNo")
    parser.add_argument("--dialogues", type=int, default=300, help="of people, drawn at random")
    given = parser.parse_args(arguments)
    source = read_source(given.data, format="casino")
    pairs = [(dialogue, scenario) for dialogue, scenario, _ in recorded(source)]
    chosen = random.Random(0).sample(pairs, min(given.dialogues, len(pairs)))
    twins = {
        id: scenario.model_copy(update={"id": id})
        for number, (_, scenario) in enumerate(chosen)
        for id in [f"casino-{number}"]
    }
    sides = {
        "people": [measured(*pair) for pair in chosen],
        "simulated": [measured(*pair) for pair in played(twins)],
    }
    rng = np.random.default_rng(0)
    print(
        f"{len(chosen)} dialogues a side; {platform.machine()}, {datetime.datetime.now(datetime.UTC).date()}"
    )
    print("| measure | " + " | ".join(sides) + " |\n|---|" + "---|" * len(sides))
    for name in MEASURES:
        cells = [interval([row[name] for row in rows if name in row], rng) for rows in sides.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
