"""Accuracy of the lie check on claims of known truth, given that they were extracted perfectly.

- the committed claims (`benchmarks/claims`): other words than the briefs', a third true, a third false;
- claims written afterwards (`benchmarks/claims/unseen.jsonl`), which the check was not made with;
- a file of the same form, as it is: by default the shared one, where it lies beside this clone.

Claims in words are judged with weights fitted to the other scenarios (`lie_check_fit.py`), limits and
priorities by the payoff. With `--model` a sample of the claims in words is also put to a model, whose vote
counts beside the rules. Intervals are 95 %, Wilson's (1927).

    python benchmarks/lie_check.py [FILE] [--model MODEL] [--sample N] [--of committed|file]
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from claims import SHARED, UNSEEN, Known, known_claims
from lie_check_fit import CLASSES, described, fit
from scipy.stats import binomtest

from negosim.errors import ModelError, ProtocolError, UserError
from negosim.judging import Verdict, _verdict, verdict
from negosim.judging._check import vote
from negosim.judging._embedding import embeddings_available
from negosim.judging._entailment import combined
from negosim.judging._wording import by_meaning
from negosim.models import ModelSpec, open_clients

VERDICTS = ("true", "false", "misleading", "unverifiable")
Judged = tuple[Known, str]


def by_rules(claims: Sequence[Known], fitted_to: Sequence[Known]) -> Iterator[tuple[Known, Verdict]]:
    """Yield each claim with its verdict; those in words by weights from other scenarios only."""
    used = [one for one in fitted_to if one.by_words and one.truth in CLASSES]
    rows = described(used) if embeddings_available() else np.zeros((0, 0))
    for name in dict.fromkeys(one.scenario.id for one in claims):
        others = [number for number, one in enumerate(used) if one.scenario.id != name]
        if len(rows):
            weights = fit(rows[others], [used[number].truth for number in others])
            _verdict.by_meaning = partial(by_meaning, weights=weights)  # type: ignore[attr-defined]
        for one in claims:
            if one.scenario.id == name:
                yield one, verdict(one.statement, one.role, one.scenario.issues, scenario=one.scenario)


def judged(claims: Sequence[Known], fitted_to: Sequence[Known]) -> list[Judged]:
    """Return each claim with what the rules say."""
    return [(one, found.truth) for one, found in by_rules(claims, fitted_to)]


Counts = Callable[[Judged], tuple[bool, bool]]
"""Of a claim and its verdict: whether it counts in a figure's whole, and in its part."""

FIGURES: dict[str, Counts] = {
    "accuracy": lambda row: (True, row[1] in row[0].accepted),
    "decided": lambda row: (True, row[1] != "unverifiable"),
    "right of decided": lambda row: (
        row[1] != "unverifiable" and row[0].kind != "palter",
        row[1] in row[0].accepted,
    ),
    "lies found": lambda row: (row[0].truth == "false", row[1] == "false"),
    "honest not accused": lambda row: (row[0].truth == "true", row[1] != "false"),
    "palters seen": lambda row: (row[0].truth == "misleading", row[1] == "misleading"),
}


def interval(rows: Sequence[Judged], counts: Counts) -> str:
    """Return a share with its interval."""
    held = [part for whole, part in map(counts, rows) if whole]
    return share(sum(held), len(held))


def share(part: int, whole: int) -> str:
    """Write a share of counted things with Wilson's interval."""
    if not whole:
        return "-"
    around = binomtest(part, whole).proportion_ci(method="wilson")
    return f"{part / whole:.2f} [{around.low:.2f}, {around.high:.2f}]"


def table(rows: Sequence[Judged]) -> None:
    """Print the figures by subject, then what was taken for what."""
    print(f"{'about':<13}{'n':>4}  " + "".join(f"{name:<20}" for name in FIGURES))
    subjects = sorted({one.statement.subject for one, _ in rows})
    groups = {name: [row for row in rows if row[0].statement.subject == name] for name in subjects}
    groups["in words"] = [row for row in rows if row[0].by_words]
    groups["all"] = list(rows)
    for name, group in groups.items():
        print(
            f"{name:<13}{len(group):>4}  "
            + "".join(f"{interval(group, one):<20}" for one in FIGURES.values())
        )
    print(f"\n{'about':<13}{'is':<14}" + "".join(f"{name:>14}" for name in VERDICTS))
    counts = Counter((one.statement.subject, one.truth, said) for one, said in rows)
    for subject in subjects:
        for truth in VERDICTS:
            row = [counts[subject, truth, said] for said in VERDICTS]
            if any(row):
                print(f"{subject:<13}{truth:<14}" + "".join(f"{count:>14}" for count in row))
    print()


def drawn(claims: Sequence[Known], sample: int) -> list[Known]:
    """Return so many claims in words, at random; those of one role, who share their notes, together."""
    words = [one for one in claims if one.by_words]
    taken = Random(1).sample(words, min(sample, len(words)))
    return sorted(taken, key=lambda one: (one.scenario.id, one.role.id))


async def voted(
    claims: Sequence[Known], fitted_to: Sequence[Known], model: str, sample: int
) -> tuple[list[Judged], list[Judged], list[Judged]]:
    """Return a sample of claims in words by rules, by a model and by both together.

    Where the model gave no usable answer its own is "invalid", and the rules' counts for both.
    """
    rules, alone, both = list[Judged](), list[Judged](), list[Judged]()
    async with open_clients({model: ModelSpec.parse(model)}, {}, cache=True, budget=None) as clients:
        client = clients[model]
        assert client is not None
        words = [row for row in by_rules(drawn(claims, sample), fitted_to) if row[1].open]
        for one, found in words:
            rules.append((one, found.truth))
            try:
                said = await vote(one.statement, one.role, one.scenario, client)
            except (ProtocolError, ModelError) as error:
                alone.append((one, "invalid"))
                both.append((one, found.truth))
                print(one.id, one.truth, error, file=sys.stderr, flush=True)
                continue
            alone.append((one, said.truth))
            both.append((one, combined(found, said, one.statement).truth))
            told = f"{one.id} is {one.truth}, rules {found.truth} ({found.lean:+.2f}), model {said.truth}"
            print(f"{told}, both {both[-1][1]}", file=sys.stderr, flush=True)
    return rules, alone, both


def main(place: Path, model: str | None, sample: int, of: str) -> None:
    if not embeddings_available():
        print("without negosim[text]: claims in words are decided only where they repeat the brief\n")
    committed = known_claims()
    others = known_claims(place) if place.is_file() else []
    if model is not None:
        asked = others if of == "file" else committed
        for who, rows in zip(
            ("rules", model, "rules and model"),
            asyncio.run(voted(asked, committed, model, sample)),
            strict=True,
        ):
            print(f"{who}: {len(rows)} claims, {sum(said == 'invalid' for _, said in rows)} invalid\n")
            table([row for row in rows if row[1] != "invalid"])
        return
    print(f"committed claims, {len(committed)}, each by weights fitted to the nine other scenarios\n")
    table(judged(committed, committed))
    if not others:
        print(f"{place} is missing\n")
    for source, claims in ((UNSEEN, known_claims(UNSEEN)), (place, others)):
        if claims:
            print(f"{source.name}, {len(claims)} claims, by weights fitted to other scenarios\n")
            table(judged(claims, committed))


if __name__ == "__main__":
    given = argparse.ArgumentParser(description="How often the lie check is right.")
    given.add_argument("file", nargs="?", type=Path, default=SHARED)
    given.add_argument("--model")
    given.add_argument("--sample", type=int, default=60)
    given.add_argument("--of", choices=("committed", "file"), default="committed")
    options = given.parse_args()
    try:
        main(options.file, options.model, options.sample, options.of)
    except UserError as error:
        sys.exit(str(error))
