"""What mapped data does for classifiers of strategies: Table 4 of GNOME in kind, offline, with what it lacks.

    python benchmarks/gnome.py DATA --out FOLDER [--n 2] [--mapper rules|MODEL] [--classifiers KIND,...]

DATA has the folders casino, craigslistbargain, job_interview and persuasion_for_good. Prints a page in
Markdown and writes `gnome.json` with every figure. Goals are checked against the best row of mapped data.
"""

import argparse
import platform
import time
from datetime import date
from pathlib import Path

import orjson

from negosim.gnome import (
    PAPER,
    ExperimentRow,
    Experiments,
    experiments,
    experiments_table,
    label_map,
    labelled,
    map_dialogues,
)
from negosim.importing import import_dialogues
from negosim.store import Run

FOLDERS = {
    "casino": "casino",
    "craigslistbargain": "craigslist",
    "job_interview": "job-interview",
    "persuasion_for_good": "persuasion-for-good",
}
GOALS = {"out-of-domain": 0.40, "leave-one-out": 0.48}
RECALL = 0.47


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--n", type=int, default=2)
    parser.add_argument("--top", type=int, default=250)
    parser.add_argument("--mapper", default="rules")
    parser.add_argument("--classifiers", default="majority,tfidf,tfidf-masked,minilm,minilm-masked")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    began = time.monotonic()
    runs = [_imported(given.data, given.out, folder) for folder in FOLDERS]
    mapped = given.out / "mapped"
    if not mapped.exists():
        map_dialogues(runs, mapped, copies=given.n, top=given.top, mapper=given.mapper)
    children = Run.open(mapped)
    done = experiments(
        labelled(runs).dialogues,
        labelled([children]).dialogues,
        classifiers=given.classifiers.split(","),
        seeds=given.seeds,
        watch=lambda made, wanted: print(f"\r{made} of {wanted} trainings", end="", flush=True),
    )
    minutes = (time.monotonic() - began) / 60
    table = experiments_table(done)
    (given.out / "gnome.json").write_bytes(orjson.dumps(table, option=orjson.OPT_INDENT_2))
    print("\n\n" + "\n".join(_page(done, table, children, minutes)))


def _imported(data: Path, out: Path, folder: str) -> Run:
    place = out / folder
    if place.exists():
        return Run.open(place)
    return import_dialogues(data / folder, place, format=FOLDERS[folder])


def _page(done: Experiments, table: dict, mapped: Run, minutes: float) -> list[str]:
    origin = mapped.header.imported
    assert origin is not None
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in origin.left_out.items() if count) or "none"
    lines = [
        f"{len(mapped):,} dialogues mapped by {origin.settings['mapper']} "
        f"({origin.settings['distinct_domains']['distinct']} domains); dropped: {dropped}. "
        f"{date.today()}, {platform.machine()}, {minutes:.0f} minutes.",
        "",
        "| setting | classifier | training | weighted F1 | against sources | macro recall | people's labels "
        "| parser's |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in done.rows:
        plain = done.row(row.setting, "sources", row.classifier)
        gain = "" if plain is None or plain is row else done.difference(row, plain).signed
        by = row.by_labeller()
        apart = " | ".join(f"{by[name]:.3f}" for name in ("people", "parser"))
        lines.append(
            f"| {row.setting} | {row.classifier} | {row.training} | {row.f1} | {gain} | {row.recall:.3f} "
            f"| {apart} |"
        )
    lines += ["", "The paper's (other splits): " + "; ".join(_paper()), ""]
    lines += ["| claim | against | difference | holds |", "|---|---|---|---|"]
    for item in table["claim"]:
        value = item["difference"]
        lines.append(
            f"| {item['setting']}, {item['classifier']} | {item['against']} | {value['value']:+.3f} "
            f"[{value['low']:+.3f}, {value['high']:+.3f}] | {'yes' if item['holds'] else 'no'} |"
        )
    lines += ["", *(f"ALARM: {alarm}" for alarm in done.alarms()), "", *_goals(done)]
    lines += ["", f"classes: {', '.join(label_map().names)}"]
    return lines


def _paper() -> list[str]:
    return [
        f"{setting}: "
        + ", ".join(f"{model} {plain:.3f} → {mapped:.3f}" for model, (plain, mapped) in rows.items())
        for setting, rows in PAPER.items()
    ]


def _goals(done: Experiments) -> list[str]:
    lines = []
    for setting, goal in GOALS.items():
        rows = [row for row in done.rows if row.setting == setting and row.training == "mapped"]
        best: ExperimentRow = max(rows, key=lambda row: row.f1.value)
        lines.append(
            f"{setting}: goal F1 {goal:.2f}, best with mapped data {best.f1} ({best.classifier}), "
            f"{best.f1.value - goal:+.3f}; macro recall goal {RECALL:.2f}, there {best.recall:.3f}"
        )
    return lines


if __name__ == "__main__":
    main()
