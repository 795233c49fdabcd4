"""Coverage of the 95 % intervals of negosim.measures, found by simulation.

    python benchmarks/coverage.py [--repeats 1000] [--clusters 5,6,8,10,20]

Corpora are drawn whose scenarios differ by a known amount, so that the true mean over all scenarios is
known. Three intervals are compared: that of `estimate` or `difference`; percentiles of the same cluster
bootstrap; and Student's t on the rows, which takes them for independent.

A second table is about rates of a judge that errs: of what it says, and of both corrections by
`corrected_rates`.
"""

import argparse
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from negosim.measures import corrected_rates, difference, estimate
from negosim.measures._bootstrap import resampled
from negosim.measures._clusters import sums
from negosim.measures._difference import _gap
from negosim.measures._estimate import ratio

Generator = np.random.Generator


@dataclass(frozen=True)
class CorpusKind:
    """One kind of corpus."""

    name: str
    truth: float
    draw: Callable[[Generator, int, Any], tuple[Any, Any]]
    """From a generator, the number of scenarios and the scenario of each row: values under a and b."""
    paired: bool = False
    equal: bool = False
    """Whether all scenarios have equally many dialogues."""
    seeds: bool = False
    """Whether there is one scenario, and clusters are its seeds."""
    these: bool = False
    """Whether the scenarios are given, and the interval is about them alone."""
    lopsided: bool = False
    """Whether one scenario has most of the dialogues."""


def mean(between: float, within: float, shape: str = "normal") -> Callable[..., tuple[Any, Any]]:
    """Draw numbers around 5: scenarios differ by a standard deviation `between`, their rows by `within`."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        level = {
            "normal": lambda: rng.normal(5, between, clusters),
            "skewed": lambda: 5 - between + rng.exponential(between, clusters),
        }[shape]()
        return level[scenario] + rng.normal(0, within, len(scenario)), None

    return draw


def share(p: float, alike: float) -> Callable[..., tuple[Any, Any]]:
    """Draw yes and no from a beta-binomial; `alike` is the correlation of two rows of one scenario."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        level = rng.beta(p * (1 / alike - 1), (1 - p) * (1 / alike - 1), clusters) if alike else p
        of_row = level[scenario] if alike else np.full(len(scenario), p)
        return rng.random(len(scenario)) < of_row, None

    return draw


def level_mean(shape: str) -> Callable[..., tuple[Any, Any]]:
    """Draw numbers, or yes and no, in scenarios whose levels are given: evenly spread around the truth."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        level = np.linspace(-1, 1, clusters)[scenario]
        if shape == "share":
            return rng.random(len(scenario)) < 0.8 + 0.15 * level, None
        return 5 + level + rng.normal(0, 1, len(scenario)), None

    return draw


def grade(lower: float, alike: float) -> Callable[..., tuple[Any, Any]]:
    """Draw grades that are mostly 5; a share `lower` on average is 4, or 3 in three of ten cases."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        below, _ = share(lower, alike)(rng, clusters, scenario)
        return 5.0 - below * (1 + (rng.random(len(scenario)) < 0.3)), None

    return draw


def gap(effect: float, varies: float) -> Callable[..., tuple[Any, Any]]:
    """Draw pairs whose difference is `effect` on average and varies by scenario."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        a = rng.normal(5, 1, clusters)[scenario] + rng.normal(0, 1, len(scenario))
        shift = rng.normal(effect, varies, clusters)[scenario]
        return a, a + shift + rng.normal(0, 1, len(scenario))

    return draw


def share_gap(p: float, less: float, varies: float) -> Callable[..., tuple[Any, Any]]:
    """Draw pairs of yes and no with shares p and p - less on average, in scenarios that vary."""

    def draw(rng: Generator, clusters: int, scenario: Any) -> tuple[Any, Any]:
        noise = rng.uniform(-varies, varies, clusters)[scenario]
        lower = less + rng.uniform(-less, less, clusters)[scenario]
        luck = rng.random(len(scenario))
        return luck < p + noise, luck < p + noise - lower

    return draw


SETTINGS = (
    CorpusKind("mean", 5, mean(0.5, 1)),
    CorpusKind("mean, equal sizes", 5, mean(0.5, 1), equal=True),
    CorpusKind("mean, skewed", 5, mean(1, 1, "skewed")),
    CorpusKind("share 0.5", 0.5, share(0.5, 0.1)),
    CorpusKind("share 0.8", 0.8, share(0.8, 0.1)),
    CorpusKind("share 0.95", 0.95, share(0.95, 0.1)),
    CorpusKind("share 0.98", 0.98, share(0.98, 0.1)),
    CorpusKind("share 0.98, scenarios unlike", 0.98, share(0.98, 0.3)),
    CorpusKind("grades near the end of their scale", 5 - 0.2 * 1.3, grade(0.2, 0.1)),
    CorpusKind("mean, one scenario has most", 5, mean(0.5, 1), lopsided=True),
    CorpusKind("paired difference of means", 0.3, gap(0.3, 0.3), paired=True),
    CorpusKind("unpaired difference of means", 0.3, gap(0.3, 0.3)),
    CorpusKind("paired difference of shares", -0.1, share_gap(0.8, 0.1, 0.1), paired=True),
    CorpusKind("share 0.8 in one scenario", 0.8, share(0.8, 0), seeds=True),
    CorpusKind("share 0.98 in one scenario", 0.98, share(0.98, 0), seeds=True),
    CorpusKind("mean in one scenario", 5, mean(0, 1), seeds=True),
    CorpusKind("mean of these scenarios", 5, level_mean("mean"), equal=True, these=True),
    CorpusKind("share 0.8 of these scenarios", 0.8, level_mean("share"), equal=True, these=True),
)


def corpus(setting: CorpusKind, rng: Generator, clusters: int) -> tuple[pd.DataFrame, bool]:
    """Return the rows of one corpus, and whether it has two conditions."""
    if setting.seeds:
        scenario = index = np.arange(clusters)
    else:
        sizes = np.full(clusters, 20) if setting.equal else 5 + rng.poisson(15 * rng.gamma(2, 0.5, clusters))
        if setting.lopsided:
            sizes[0] = 4 * sizes[1:].sum()
        scenario = np.repeat(np.arange(clusters), sizes)
        index = np.concatenate([np.arange(size) for size in sizes])
    a, b = setting.draw(rng, clusters, scenario)
    rows = pd.DataFrame({"scenario": 0 if setting.seeds else scenario, "index": index})
    if b is None:
        return rows.assign(condition="honest", value=a), False
    both = [rows.assign(condition="honest", value=a), rows.assign(condition="deceptive-2", value=b)]
    if not setting.paired:
        # Other seeds, and only half as many dialogues.
        both[1] = both[1].assign(index=both[1]["index"] + 1000)[rng.random(len(rows)) < 0.5]
    return pd.concat(both, ignore_index=True), True


def coverage(setting: CorpusKind, clusters: int, repeats: int, seed: int = 0) -> dict[str, float]:
    """Return the share of intervals that hold the truth, by method; and how wide ours is, on average."""
    rng = np.random.default_rng([seed, clusters])
    held: dict[str, list[bool]] = {"ours": [], "percentile": [], "rows": []}
    widths, silent = [], 0
    scope: Any = "these" if setting.these or setting.seeds else "any"
    for _ in range(repeats):
        frame, two = corpus(setting, rng, clusters)
        found: Any = (
            difference(frame, "value", a="honest", b="deceptive-2", scope=scope)
            if two
            else estimate(frame, "value", scope=scope)
        )
        if found.low is None:
            silent += 1
            continue
        for name, (low, high) in {"ours": (found.low, found.high), **_others(frame, setting, two)}.items():
            held[name].append(low <= setting.truth <= high)
        widths.append(found.high - found.low)
    shares = {name: float(np.mean(values)) if values else float("nan") for name, values in held.items()}
    return {**shares, "width": float(np.mean(widths)), "silent": silent / repeats}


def _others(frame: pd.DataFrame, setting: CorpusKind, two: bool) -> dict[str, tuple[float, float]]:
    from scipy.stats import ttest_1samp, ttest_ind

    by = ["index"] if setting.seeds else ["scenario", "index"] if setting.these else ["scenario"]
    codes = frame.groupby(by).ngroup().to_numpy(dtype=np.int64)
    value = frame["value"].to_numpy(dtype=float)
    in_b = (frame["condition"] != "honest").to_numpy(dtype=float)
    a, b = value[in_b == 0], value[in_b == 1]
    contributions = sums(codes, value * (1 - in_b), 1 - in_b, value * in_b, in_b)
    drawn = resampled(contributions, _gap if two else ratio)
    if setting.paired:
        tested = ttest_1samp(b - a, 0)
    else:
        tested = ttest_ind(b, a, equal_var=False) if two else ttest_1samp(a, 0)
    return {
        "percentile": tuple(np.quantile(drawn, [0.025, 0.975])),
        "rows": tuple(tested.confidence_interval(0.95)),
    }


@dataclass(frozen=True)
class JudgeKind:
    """A judge that errs, and what is known of its errors."""

    name: str
    sensitivity: float
    specificity: float
    calibrated: int
    """Dialogues whose truth the record tells."""
    people: float
    """Share of the others that people have judged."""


JUDGES = (
    JudgeKind("good judge", 0.9, 0.95, 200, 0.3),
    JudgeKind("poor judge", 0.7, 0.7, 200, 0.3),
    JudgeKind("good judge, little known of it", 0.9, 0.95, 40, 0.1),
)
TRUE = 0.2
"""Share of dialogues of which yes is true, on average over scenarios."""
EACH = 20
"""Dialogues of a scenario that are judged."""


def judged(kind: JudgeKind, rng: Generator, clusters: int) -> pd.DataFrame:
    """Draw judgements of a judge, of the record about honest dialogues, and of people about the others."""
    rows: list[dict[str, Any]] = []
    for condition, sizes in (("honest", kind.calibrated // clusters), ("deceptive-2", EACH)):
        for scenario in range(clusters):
            share = 0.5 if condition == "honest" else rng.beta(9 * TRUE, 9 * (1 - TRUE))
            for index in range(sizes):
                true = bool(rng.random() < share)
                yes = kind.sensitivity if true else 1 - kind.specificity
                about = {"dialogue": f"{condition} {scenario} {index}", "scenario": str(scenario),
                         "index": index, "condition": condition, "perspective": "third_party"}  # fmt: skip
                rows.append({**about, "judge": "m", "value": bool(rng.random() < yes)})
                if condition == "honest":
                    rows.append({**about, "judge": "oracle", "perspective": "truth", "value": true})
                elif rng.random() < kind.people:
                    rows.append({**about, "judge": "person:ada", "value": true})
    usual = {"questions": "set", "question": "q", "agent": None, "turn": None, "fingerprint": "f",
             "repeat": 0, "status": "ok", "model_1": "sim", "model_2": "sim"}  # fmt: skip
    frame = pd.DataFrame(rows).assign(**usual)
    return frame.astype({"agent": "Int64", "turn": "Int64", "value": "object"})


def corrected_coverage(kind: JudgeKind, clusters: int, repeats: int, seed: int = 0) -> dict[str, float]:
    """Return the share of intervals that hold the true rate, by how the rate was found."""
    rng = np.random.default_rng([seed, clusters])
    held: dict[str, list[bool]] = {"said": [], "by_error": [], "by_people": []}
    for _ in range(repeats):
        found = corrected_rates(judged(kind, rng, clusters), scope="any")
        (of_others,) = [one for one in found if one.condition == "deceptive-2"]
        for name, values in held.items():
            rate = getattr(of_others, name)
            if rate.low is not None:
                values.append(rate.low <= TRUE <= rate.high)
    return {name: float(np.mean(values)) if values else float("nan") for name, values in held.items()}


def main() -> None:
    # Student's t on rows that are all the same.
    warnings.filterwarnings("ignore", message="Precision loss")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--clusters", default="5,6,8,10,20")
    arguments = parser.parse_args()
    print(f"{date.today()}, Python {platform.python_version()}, {arguments.repeats} corpora a row\n")
    print("| what | clusters | ours | percentile | rows as independent | mean width | no interval |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for setting in SETTINGS:
        for clusters in (2, 3, 4) if setting.these else map(int, arguments.clusters.split(",")):
            found = coverage(setting, clusters, arguments.repeats)
            methods = " | ".join(f"{found[name]:.1%}" for name in ("ours", "percentile", "rows"))
            print(
                f"| {setting.name} | {clusters} | {methods} | {found['width']:.3f} | {found['silent']:.1%} |",
                flush=True,
            )
    repeats = max(1, arguments.repeats // 5)
    print(f"\n{repeats} corpora a row\n")
    print("| judge | clusters | what it says | by its error | by people |\n|---|---:|---:|---:|---:|")
    for kind in JUDGES:
        for clusters in map(int, arguments.clusters.split(",")):
            shares = corrected_coverage(kind, clusters, repeats)
            told = " | ".join(f"{share:.1%}" for share in shares.values())
            print(f"| {kind.name} | {clusters} | {told} |", flush=True)


if __name__ == "__main__":
    main()
