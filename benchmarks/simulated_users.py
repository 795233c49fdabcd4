"""Earnings of agents of several skills from the simulated users; speed; how well strategies are told.

    python benchmarks/simulated_users.py [--data FOLDER] [--dialogues 1200]

With --data, the folder of the published sets (persuasion_for_good/, esconv/), strategies recognised from
text are compared with the annotators' labels, on the half of the dialogues the lexicons were not tuned on.
"""

import argparse
import asyncio
import hashlib
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from negosim import load_scenario
from negosim.agents import AgentContext, Speech
from negosim.agents.users import (
    DONATION,
    SUPPORT,
    RandomPersuader,
    RandomSupporter,
    Recogniser,
    Transcript,
    kind_of,
    persona_names,
)
from negosim.agents.users.agents import _transcript
from negosim.importing import read_source, rows_of
from negosim.records import Utterance
from negosim.rl.evaluation import evaluate, met_in
from negosim.views import View

FIRST_SEED = 90
"""Apart from every test."""


class AtRandom:
    """Uses any strategy at any time: what a policy must beat at least."""

    self_directed = True
    model = "random"

    def __init__(self, context: AgentContext) -> None:
        kind = kind_of(load_scenario(context.side.seed.scenario))
        self._say = RandomPersuader() if kind == DONATION else RandomSupporter()
        self._name = str(context.side.seed.index)

    async def speak(self, view: View) -> Speech:
        (text,) = self._say([Transcript(self._name, None, _transcript(view, user=False).turns)])
        return Speech(Utterance(text=text))

    async def concluded(self, view: View) -> bool:
        return True


def rewards(kind: str, dialogues: int) -> None:
    names = persona_names(kind)
    print(f"\n## {kind}: {dialogues} dialogues an agent\n")
    print("| agent | mean ± sd |", " | ".join(names), "| turns | a minute |")
    print("|---" * (4 + len(names)) + "|")
    for name in ("random", *(f"habit:{skill:g}" for skill in (0.0, 0.3, 0.6, 1.0))):
        start = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            made = asyncio.run(
                evaluate(
                    [name], kind, dialogues=dialogues, seed=FIRST_SEED, out=folder, own={"random": AtRandom}
                )
            )
            rate = dialogues / (time.process_time() - start) * 60
            met = list(met_in(made.runs[name][0], made.evaluation.scenario, 0, ""))
        by_persona = defaultdict(list)
        for one in met:
            by_persona[one.partner].append(one.reward or 0.0)
        values = [one.reward or 0.0 for one in met]
        cells = " | ".join(f"{statistics.fmean(by_persona[persona]):.2f}" for persona in names)
        turns = statistics.fmean(len(one.said) for one in met)
        mean, sd = statistics.fmean(values), statistics.stdev(values)
        print(f"| {name} | {mean:.2f} ± {sd:.2f} | {cells} | {turns:.1f} | {round(rate, -3):,.0f} |")


def recognition(data: Path) -> None:
    print("\n## Recognising strategies (lexicons were tuned on the other half)\n")
    print("| set | labels | right | most frequent label | macro F1 |\n|---|---|---|---|---|")
    for name, pairs in (("Persuasion for Good", _persuasion(data)), ("ESConv", _support(data))):
        found = list(pairs)
        right = sum(truth == guess for truth, guess in found) / len(found)
        truths = Counter(truth for truth, _ in found)
        guesses = Counter(guess for _, guess in found)
        hits = Counter(truth for truth, guess in found if truth == guess)
        scores = [2 * hits[label] / (truths[label] + guesses[label]) for label in truths]
        common = truths.most_common(1)[0][1] / len(found)
        print(f"| {name} | {len(found):,} | {right:.1%} | {common:.1%} | {statistics.fmean(scores):.2f} |")


def held_out(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 1


def _persuasion(data: Path) -> Iterator[tuple[str, str]]:
    """Yield label and guess for each annotated sentence of the persuader."""
    lexicon = Recogniser.load("donation/strategies")
    for row in (entry.content for entry in rows_of(data / "persuasion_for_good" / "300_dialog.xlsx")):
        if row["B4"] == 0 and held_out(str(row["B2"])):
            label = str(row["er_label_1"])
            yield (
                label if label in lexicon.patterns else "other",
                lexicon.sentence(str(row["Unit"])) or "other",
            )


def _support(data: Path) -> Iterator[tuple[str, str]]:
    """Yield label and guess for each turn of the supporter; its first label, if that is among those found."""
    lexicon = Recogniser.load("support/strategies")
    file = data / "esconv" / "multiesc" / "valid.txt"
    for found in read_source(file).dialogues():
        if held_out(str(found.facts["situation"])):
            for turn in found.turns:
                if turn.labels:
                    label, guesses = turn.labels[0], lexicon.find(turn.text) or ("other",)
                    yield label, label if label in guesses else guesses[0]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with persuasion_for_good/ and esconv/")
    parser.add_argument("--dialogues", type=int, default=1200)
    given = parser.parse_args(arguments)
    for kind in (DONATION, SUPPORT):
        rewards(kind, given.dialogues)
    if given.data is not None:
        recognition(given.data)


if __name__ == "__main__":
    main()
