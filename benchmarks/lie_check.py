"""How often the lie check is right about claims of known truth, given that they were extracted perfectly.

- the committed claims (`benchmarks/claims`): other words than the briefs', a third true, a third false;
- a file of the same form, as it is: by default the shared one, where it lies beside this clone.

Claims in words are judged with weights fitted to the other scenarios (`lie_check_fit.py`), limits and
priorities by the payoff. Intervals are 95 %, by bootstrap over roles.

    python benchmarks/lie_check.py [FILE]
"""

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from claims import SHARED, Known, known_claims
from lie_check_fit import CLASSES, described, fit

from negosim.judging import Verdict, _verdict, verdict
from negosim.judging._embedding import embeddings_available
from negosim.judging._wording import by_meaning

VERDICTS = ("true", "false", "misleading", "unverifiable")
Judged = tuple[Known, str]
RESAMPLES = 2000


def judged(claims: Sequence[Known], fitted_to: Sequence[Known]) -> list[Judged]:
    """Return each claim with its verdict; those in words by weights from other scenarios only."""
    found: list[Judged] = []
    used = [one for one in fitted_to if one.by_words and one.truth in CLASSES]
    rows = described(used) if embeddings_available() else np.zeros((0, 0))
    for name in dict.fromkeys(one.scenario.id for one in claims):
        others = [number for number, one in enumerate(used) if one.scenario.id != name]
        if len(rows):
            weights = fit(rows[others], [used[number].truth for number in others])
            _verdict.by_meaning = partial(by_meaning, weights=weights)  # type: ignore[attr-defined]
        found += [(one, _verdict_of(one).truth) for one in claims if one.scenario.id == name]
    return found


def _verdict_of(one: Known) -> Verdict:
    return verdict(one.statement, one.role, one.scenario.issues, scenario=one.scenario)


Figure = Callable[[Sequence[Judged]], float | None]


def _share(rows: Sequence[Judged], holds: Callable[[Judged], bool]) -> float | None:
    return sum(map(holds, rows)) / len(rows) if rows else None


FIGURES: dict[str, Figure] = {
    "accuracy": lambda rows: _share(rows, lambda row: row[1] in row[0].accepted),
    "decided": lambda rows: _share(rows, lambda row: row[1] != "unverifiable"),
    "right of decided": lambda rows: _share(
        [row for row in rows if row[1] != "unverifiable" and row[0].kind != "palter"],
        lambda row: row[1] in row[0].accepted,
    ),
    "lies found": lambda rows: _share(
        [row for row in rows if row[0].truth == "false"], lambda row: row[1] == "false"
    ),
    "honest not accused": lambda rows: _share(
        [row for row in rows if row[0].truth == "true"], lambda row: row[1] != "false"
    ),
}


def interval(rows: Sequence[Judged], figure: Figure) -> str:
    """Return a figure with its interval, resampling roles."""
    value = figure(rows)
    if value is None:
        return "-"
    roles = sorted({(one.scenario.id, one.role.id) for one, _ in rows})
    by_role = {role: [row for row in rows if (row[0].scenario.id, row[0].role.id) == role] for role in roles}
    rng = np.random.default_rng(1)
    drawn = [
        figure([row for at in rng.integers(len(roles), size=len(roles)) for row in by_role[roles[at]]])
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile([one for one in drawn if one is not None], [2.5, 97.5])
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"


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


def main(place: Path) -> None:
    if not embeddings_available():
        print("without negosim[text]: claims in words are decided only where they repeat the brief\n")
    committed = known_claims()
    print(f"committed claims, {len(committed)}, each by weights fitted to the nine other scenarios\n")
    table(judged(committed, committed))
    if not place.is_file():
        print(f"{place} is missing: nothing else to try")
        return
    others = known_claims(place)
    print(f"{place.name}, {len(others)} claims, by weights fitted to other scenarios\n")
    table(judged(others, committed))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
