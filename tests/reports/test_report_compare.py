"""Two runs or two models side by side."""

from pathlib import Path

import orjson
import pytest

from negosim import Run
from negosim.errors import UserError
from negosim.reports import Number, Report, ReportTable, comparison_of_models, comparison_of_runs


def table(report: Report, key: str) -> ReportTable:
    return next(table for section in report.sections for table in section.tables if table.key == key)


def cell(found: ReportTable, row: str, column: str) -> Number:
    (line,) = [line for line in found.rows if line[0] == row]
    number = line[found.columns.index(column)]
    assert isinstance(number, Number)
    return number


def copied(run: Run, folder: Path, change: object = None) -> Run:
    """Copy a run, changing every dialogue."""
    folder.mkdir()
    (folder / "run.json").write_bytes((run.path / "run.json").read_bytes())
    with (folder / "dialogues.jsonl").open("wb") as file:
        for line in (run.path / "dialogues.jsonl").read_bytes().splitlines():
            dialogue = orjson.loads(line)
            del dialogue["crc32"]
            for made in change(dialogue) if callable(change) else [dialogue]:
                file.write(orjson.dumps(made) + b"\n")
    return Run.open(folder)


def test_a_run_compared_with_its_copy_differs_in_nothing(judged: Run, tmp_path: Path) -> None:
    copy = copied(judged, tmp_path / "copy")
    report = comparison_of_runs(judged, copy)
    found = table(report, "comparison-honest")
    assert cell(found, "agreement", "difference").value == 0
    assert cell(found, "utterances", "n").shown == "12 pairs"
    assert cell(found, "utterances", "judged").value == cell(found, "utterances", "copy").value
    said = "".join(map(str, report.sections[0].paragraphs[0]))
    assert "24 combinations of scenario, condition and index occur in both" in said
    assert {table.key for table in report.sections[0].tables} >= {
        "comparison-honest",
        "comparison-deceptive-2",
    }


def test_differences_are_those_of_matched_dialogues(judged: Run, tmp_path: Path) -> None:
    def longer(dialogue: dict[str, list[object]]) -> list[object]:
        if dialogue["index"] == 5:
            return []
        turns = dialogue["turns"]
        return [{**dialogue, "turns": [*turns, *turns[:4]]}]

    report = comparison_of_runs(judged, copied(judged, tmp_path / "longer", longer))
    found = table(report, "comparison-honest")
    assert cell(found, "utterances", "n").shown == "10 pairs"
    assert cell(found, "utterances", "difference").value == pytest.approx(4)


def test_runs_without_a_common_scenario_are_not_compared(unjudged: Run, judged: Run, tmp_path: Path) -> None:
    def other(dialogue: dict[str, object]) -> list[object]:
        return [dialogue] if dialogue["scenario"] != "viatex" else []

    with pytest.raises(UserError, match=r"of the same scenario .* viatex; and rose-lane"):
        comparison_of_runs(unjudged, copied(judged, tmp_path / "other", other))


def test_scenarios_of_the_same_name_must_be_the_same(judged: Run, tmp_path: Path) -> None:
    changed = copied(judged, tmp_path / "changed")
    header = orjson.loads((changed.path / "run.json").read_bytes())
    header["scenarios"]["viatex"]["title"] = "Another"
    del header["crc32"]
    (changed.path / "run.json").write_bytes(orjson.dumps(header))
    with pytest.raises(UserError, match="scenario 'viatex' differs"):
        comparison_of_runs(judged, Run.open(changed.path))


def mixed(judged: Run, folder: Path) -> Run:
    """A run of two models that play each other, roles swapped in every other dialogue."""

    def swap(dialogue: dict[str, int]) -> list[object]:
        pair = ["sim", "openai:a"] if dialogue["index"] % 2 else ["openai:a", "sim"]
        return [{**dialogue, "models": pair}]

    run = copied(judged, folder, swap)
    header = orjson.loads((run.path / "run.json").read_bytes())
    header["config"]["models"] = ["sim", "openai:a"]
    del header["crc32"]
    (run.path / "run.json").write_bytes(orjson.dumps(header))
    return Run.open(folder)


def test_models_that_play_each_other_are_compared_by_the_parts_they_play(judged: Run, tmp_path: Path) -> None:
    run = mixed(judged, tmp_path / "mixed")
    found = table(comparison_of_models([run], "sim", "openai:a"), "comparison-honest")
    gains = []
    for dialogue in run:
        if dialogue.condition.deceptive:
            continue
        own = dialogue.models.index("sim")
        scenario = run.scenario(dialogue.scenario)
        low = scenario.roles[own].payoff.reservation
        best = float(scenario.space.values[:, own].max())
        assert dialogue.outcome.values is not None
        gains.append((dialogue.outcome.values[own] - low) / (best - low))
    assert cell(found, "gain", "sim").value == pytest.approx(sum(gains) / len(gains))
    assert cell(found, "gain", "n").shown == "12 pairs"


def test_models_that_each_play_alone_are_compared_by_dialogue(judged: Run, tmp_path: Path) -> None:
    def alone(dialogue: dict[str, object]) -> list[object]:
        return [dialogue, {**dialogue, "id": f"{dialogue['id']}.b", "models": ["openai:a", "openai:a"]}]

    run = copied(judged, tmp_path / "alone", alone)
    header = orjson.loads((run.path / "run.json").read_bytes())
    header["config"]["models"] = ["sim", "openai:a"]
    del header["crc32"]
    (run.path / "run.json").write_bytes(orjson.dumps(header))
    report = comparison_of_models([Run.open(run.path)], "sim", "openai:a")
    assert cell(table(report, "comparison-honest"), "utterances", "n").shown == "12 pairs"
    assert cell(table(report, "comparison-honest"), "utterances", "difference").value == 0
