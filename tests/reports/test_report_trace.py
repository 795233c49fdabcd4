"""Every number of a report is computed again from what its trace says, and the run folder alone."""

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pandas as pd
import pytest

from negosim import Run, measures
from negosim.judging import judge
from negosim.records import TRUTH
from negosim.reports import Report, comparison_of_runs, report_on, write_trace
from negosim.reports._model import Figure, ReportTable
from negosim.reports._trace import numbers

from .conftest import add_judge, make_run

Frame = pd.DataFrame
PRIMARY = ["turns", "deception-presence:2", "joint_value"]


def _cap(run: Run) -> int:
    """Return the highest cap on utterances; 0 is none."""
    caps = [run.config.cap(scenario) for scenario in run.header.scenarios.values()]
    return 0 if 0 in caps else max(caps)


class Stored:
    """The tables of a report's runs, read apart from it."""

    def __init__(self, runs: list[Run]) -> None:
        self.made: dict[tuple[Any, ...], Any] = {}
        self.runs = {run.path.name: run for run in runs}
        self.tables = {
            "dialogues": self.pooled(measures.dialogue_rows).rename(columns={"id": "dialogue"}),
            "tactics": self.pooled(measures.tactic_rows),
            "offers": self.pooled(measures.offer_rows),
            "beliefs": self.pooled(measures.belief_rows),
            "judgements": self.pooled(measures.judged_rows),
        }
        dialogues = self.tables["dialogues"]
        caps = {name: _cap(run) for name, run in self.runs.items()}
        dialogues["cap"] = dialogues["run"].map(caps)
        roles = {key: one.roles for run in runs for key, one in run.header.scenarios.items()}
        for role in range(max(map(len, roles.values()))):
            names = [key for key in dialogues["scenario"].unique() if role < len(roles[key])]
            ends = {key: self.ends(key, role) for key in names}
            low, high = (
                dialogues["scenario"].map({key: end[i] for key, end in ends.items()}) for i in (0, 1)
            )
            dialogues[f"gain_{role + 1}"] = (dialogues[f"value_{role + 1}"] - low) / (high - low)
        detail = self.tables["judgements"]["detail"]
        for key in ("subject", "technique"):
            self.tables["judgements"][f"detail.{key}"] = detail.map(lambda found, key=key: found.get(key))

    def pooled(self, read: Callable[[Run], Frame]) -> Frame:
        parts = []
        for name, run in self.runs.items():
            part = read(run).assign(run=name)
            key = "id" if "id" in part else "dialogue"
            part[key] = part[key] if len(self.runs) == 1 else f"{name}/" + part[key].astype(str)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def tactic_shares(self, told: dict[str, Any]) -> Frame:
        """Return a row a dialogue: what share of the agent's utterances used each tactic."""
        frame = self._selected({**told, "table": "tactics"})
        counts = frame.pivot_table("count", "dialogue", "tactic", aggfunc="sum", fill_value=0)
        counts = counts.reindex(columns=told["where"]["tactic"], fill_value=0)
        shares = counts.div(counts.sum(axis=1), axis=0).add_prefix("share of ")
        header = [name for name in frame if name not in ("agent", "deceptive", "tactic", "count")]
        return frame[header].drop_duplicates("dialogue").merge(shares.reset_index(), on="dialogue")

    def ends(self, scenario: str, role: int) -> tuple[float, float]:
        space = next(iter(self.runs.values())).scenario(scenario).space
        return float(space.reservations[role]), float(space.values[:, role].max())

    def once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return what is made for a set of rows; it is made once."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def selected(self, told: dict[str, Any]) -> Frame:
        """Return the rows that a line of the trace names."""
        return self.once((told["rows"],), lambda: self._selected(told))

    def _selected(self, told: dict[str, Any]) -> Frame:
        if told["table"] == "tactic shares":
            frame = self.tactic_shares(told)
            told = {**told, "where": {"condition": told["where"]["condition"]}}
        else:
            frame = self.tables[told["table"]]
        frame = frame[frame["dialogue"].isin(told["dialogues"])]
        for column, wanted in told["where"].items():
            given = frame[column]
            if wanted == "any value":
                frame = frame[given.notna()]
            else:
                frame = frame[given.isin(wanted if isinstance(wanted, list) else [wanted])]
        return frame


def mean_of(frame: Frame, how: dict[str, Any]) -> float:
    values = frame[how["column"]].astype(float)
    if not how.get("pairs_by"):
        return values.mean()
    return values.groupby([frame[key].astype(str) for key in how["pairs_by"]], dropna=False).mean().mean()


def is_one(value: Any, wanted: list[Any]) -> bool:
    return any(type(value) is type(each) and value == each for each in wanted)


def as_one_question(frame: Frame, where: dict[str, Any]) -> Frame:
    """Take the resolution questions as one, with an item for each."""
    if "question" in where:
        return frame
    return frame.assign(question="resolution", turn=frame["question"].astype("category").cat.codes)


def judged(stored: Stored, told: dict[str, Any], how: dict[str, Any]) -> tuple[float, float]:
    """Compute a figure about judges again, value and n."""
    frame, statistic = as_one_question(stored.selected(told), told["where"]), how["statistic"]

    def made(measure: Callable[[Frame], Any]) -> Any:
        return stored.once((told["rows"], measure.__name__), lambda: measure(frame))

    if statistic in ("alpha", "coders", "units"):
        (found,) = [one for one in made(measures.reliability) if one.among == how["among"]]
        return {"alpha": found.alpha.value, "coders": found.coders, "units": found.units}[
            statistic
        ], found.alpha.n
    if statistic in ("changed", "floor", "items") and "of" not in how:
        (found,) = made(measures.order_effects)
        own = found.floor if statistic == "floor" else found.changed
        return (own.n if statistic == "items" else own.value), own.n
    if statistic in POSITION:
        (found,) = made(measures.position_bias)
        own = {"first": found.first.value, "first excess": found.excess.value, "drawn": found.first.n}
        return own.get(statistic, found.expected), found.first.n
    if "of" in how:
        (found,) = [
            one for one in made(measures.error_correlation) if [one.judge_a, one.judge_b] == how["of"]
        ]
        return (found.correlation.n if statistic == "items" else found.correlation.value), found.correlation.n
    (found,) = made(measures.calibration)
    if statistic == "n":
        return found.n, found.n
    if statistic == "confusion":
        truth, answer = how["truth"], how["answer"]
        known = frame[frame["status"] == "ok"]
        items = ["dialogue", "question", "agent", "turn"]
        keys = known[items].map(str).agg("|".join, axis=1)
        truths = dict(
            zip(
                keys[known["perspective"] == TRUTH],
                known.loc[known["perspective"] == TRUTH, "value"],
                strict=True,
            )
        )
        said = known[known["perspective"] != TRUTH]
        same = [
            truths.get(key) == truth and value == answer
            for key, value in zip(keys[said.index], said["value"], strict=True)
        ]
        return sum(same), found.n
    own = getattr(found, statistic)
    return own.value, own.n


MIXED = {"mixed model", "p of mixed model", "rows fitted", "share of variance"}
POSITION = {"first", "first expected", "first excess", "drawn"}
JUDGED = POSITION | {
    *("n", "coverage", "accuracy", "precision", "recall", "f1", "kappa", "spearman", "confusion"),
    *("alpha", "coders", "units", "changed", "floor", "items", "error correlation"),
}


def again(line: dict[str, Any], told: dict[str, Any], stored: Stored) -> tuple[Any, float | None]:
    """Compute a number again: value and n, None where n says nothing."""
    how = line["how"]
    statistic = how["statistic"]
    if told["table"] == "header":
        space = stored.runs[told["where"]["run"][0]].scenario(told["where"]["scenario"]).space
        of = space.reservations if statistic == "reservation values" else space.values[space.nash]
        return float(of[how["agent"]]), None
    frame = stored.selected(told)
    if "between" not in how and statistic in JUDGED:
        return judged(stored, told, how)
    if statistic == "count":
        return len(frame), len(frame)
    if statistic == "distinct":
        return frame[how["column"]].nunique(), len(frame)
    if statistic == "sum":
        values = frame[how["column"]]
        return (None if values.isna().any() else float(values.sum())), None
    if statistic == "corrected share":
        if how["error"] is None:
            return None, None
        hits = frame[how["column"]].map(lambda value: is_one(value, how["of"]))
        apparent = measures.estimate(frame.assign(hit=hits), "hit")
        return measures.corrected(apparent, measures.CheckError(**how["error"])).value, None
    if statistic == "prediction-powered":
        rates = stored.once((told["rows"], statistic), lambda: measures.corrected_rates(frame))
        (found,) = [one for one in rates if one.condition == how["condition"]]
        return found.by_people.value, found.by_people.n
    if statistic == "matched":
        sides = [
            set(map(tuple, side[how["columns"]].to_numpy())) for _, side in frame.groupby(how["between"])
        ]
        return len(set.intersection(*sides)), None
    if statistic == "share" and not how.get("pairs_by"):
        weights = frame[how["weight"]] if "weight" in how else pd.Series(1, index=frame.index)
        if "where" in how:
            parts = [frame[column] == wanted for column, wanted in how["where"].items()]
            return float(pd.concat(parts, axis=1).all(axis=1).mean()), len(frame)
        hits = frame[how["column"]].astype(object).map(lambda value: is_one(value, how["of"]))
        whole = float(weights.sum())
        return (float(weights[hits].sum()) / whole if whole else None), whole
    if statistic in ("mean", "share"):
        n = (
            len(frame.groupby([frame[key].astype(str) for key in how["pairs_by"]], dropna=False))
            if how.get("pairs_by")
            else len(frame)
        )
        return (mean_of(frame, how) if len(frame) else None), n
    sides = how["column"], how["between"], how["a"], how["b"]
    if statistic in MIXED:
        mixed = stored.once(
            (told["rows"], "mixed", *sides),
            lambda: measures.mixed_check(frame, *sides[:2], a=sides[2], b=sides[3]),
        )
        share = mixed.shares.get(how.get("component"))
        own = {"mixed model": mixed.value, "p of mixed model": mixed.p, "rows fitted": mixed.n}
        return own.get(statistic, share), mixed.n
    found = stored.once(
        (told["rows"], *sides), lambda: measures.difference(frame, *sides[:2], a=sides[2], b=sides[3])
    )
    if statistic == "smallest difference":
        return measures.smallest_difference(found, tests=how["tests"]), found.n
    if statistic == "p":
        ordered = sorted(how["family"])
        running, corrected = 0.0, {}
        for place, p in enumerate(ordered):
            running = max(running, min(1.0, (len(ordered) - place) * p))
            corrected[p] = running
        return (None if found.p is None else corrected[found.p]), found.n
    return {"difference": found.value, "effect": found.effect, "n": found.n}[statistic], found.n


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with everything that a report can show: two judges, one of them twice, claims and beliefs."""
    made = make_run(tmp_path_factory.mktemp("trace") / "first", dialogues=3)
    judge(made, judges=["oracle"])
    judge(made, questions=["beliefs-turns"])
    add_judge(made, "openai:fair", right=0.8, repeats=2)
    add_judge(made, "local:guess", right=0.0)
    return made


def compared(run: Run, folder: Path) -> Report:
    """Compare a run with another of which some dialogues are missing."""
    shutil.copytree(run.path, folder / "second")
    stored = folder / "second" / "dialogues.jsonl"
    stored.write_bytes(b"".join(stored.read_bytes().splitlines(keepends=True)[:-2]))
    (folder / "second" / "dialogues.count").unlink()
    return comparison_of_runs(run, Run.open(folder / "second"), primary=["joint_value"])


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of three roles that make deals in coalitions, and of a claim that is talked over."""
    folder = tmp_path_factory.mktemp("several") / "run"
    return make_run(folder, scenarios=("heron-mill", "wild-beds"), dialogues=3)


def test_three_roles_are_shown_in_tables_and_claims_in_answers(several: Run) -> None:
    report = report_on([several])
    blocks = {
        block.key: block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, ReportTable | Figure)
    }
    assert not [key for key in blocks if key.startswith("value-planes")]
    assert {row[1] for row in blocks["outcome-roles"].rows} == {"agent 1", "agent 2", "agent 3"}
    shares = defaultdict(float)
    for _, _, condition, _, share, _ in blocks["outcome-coalitions"].rows:
        shares[condition] += share.value
    assert all(share == pytest.approx(1.0) for share in shares.values())
    before, after, change = zip(*(row[5:] for row in blocks["measures"].rows), strict=True)
    assert {number.value for number in before} == {6.0, 2.0}
    moved = zip(before, after, change, strict=True)
    assert all(b.value + c.value == pytest.approx(a.value) for b, a, c in moved)
    agreed = next(row for row in blocks["outcome-efficiency"].rows if row[0] == "all")
    assert agreed[3].n == 3, "where nothing is to be settled nobody has failed to agree"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["report", "comparison", "several"])
def test_every_number_is_what_its_trace_says(kind: str, run: Run, several: Run, tmp_path: Path) -> None:
    run = several if kind == "several" else run
    report = (
        compared(run, tmp_path)
        if kind == "comparison"
        else report_on([run], primary=[] if kind == "several" else PRIMARY)
    )
    runs = [run, Run.open(tmp_path / "second")] if kind == "comparison" else [run]
    write_trace(report, tmp_path / "trace.jsonl")
    lines = [orjson.loads(line) for line in (tmp_path / "trace.jsonl").read_bytes().splitlines()]
    sets = {line["rows"]: line for line in lines if line["kind"] == "rows"}
    stored, wrong, seen = Stored(runs), [], defaultdict(int)
    for line in lines:
        if line["kind"] != "number":
            continue
        value, n = again(line, sets[line["rows"]], stored)
        seen[line["how"]["statistic"]] += 1
        unknown = value is None or pd.isna(value)
        if unknown != (line["value"] is None) or not (
            unknown or value == pytest.approx(line["value"], abs=1e-9)
        ):
            wrong.append((line, value))
        elif n is not None and n != line["n"]:
            wrong.append((line, "n", n))
        elif "numerator" in line and line["numerator"] / line["denominator"] != pytest.approx(line["value"]):
            wrong.append((line, "numerator"))
    assert not wrong, (len(wrong), wrong[:3])
    assert sum(seen.values()) == sum(1 for _ in numbers(report))
    if kind == "several":
        return
    expected = MIXED | {"smallest difference", "share", "mean", "count", "difference", "effect", "p"}
    if kind == "comparison":  # by condition there are too few dialogues for a model of their variance
        expected -= {"share of variance"}
    assert expected <= set(seen)
