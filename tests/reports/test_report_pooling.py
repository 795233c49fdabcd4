"""Pooling of runs: differences are said, unpaired dialogues counted, examples chosen by rule."""

from pathlib import Path

import orjson
import pandas as pd
import pytest

from negosim import Run
from negosim.judging import judge
from negosim.reports import Report, report_on
from negosim.reports._build import notices_of
from negosim.reports._corpus import Corpus, Sample
from negosim.reports._model import DIALOGUES, Number, ReportTable, text
from negosim.reports._pooling import differing, notice, pooled
from negosim.reports.sections import _examples, _length
from negosim.reports.sections._contrast import ComparedColumn, contrast_sentence, contrasts
from negosim.reports.sections._tactic_tests import open_to_both, shares_by_dialogue

from .conftest import add_judge, append, make_run


@pytest.fixture(scope="module")
def corpus(judged: Run, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The judged run and its first half again, as if it had been made with another planner and cap."""
    folder = tmp_path_factory.mktemp("pooled") / "short"
    folder.mkdir()
    header = orjson.loads((judged.path / "run.json").read_bytes())
    header["config"].update(planner="reflect", max_turns=12)
    del header["crc32"]
    (folder / "run.json").write_bytes(orjson.dumps(header))
    lines = (judged.path / "dialogues.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "dialogues.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]))
    return Corpus([judged, Run.open(folder)])


def test_every_section_says_what_it_takes_together(corpus: Corpus) -> None:
    differences = differing(corpus)
    assert differences == {"planner": "direct; reflect", "cap on utterances": "at most 30; at most 12"}
    said = notice(differences)
    assert said is not None
    assert "planner (direct; reflect) and cap on utterances (at most 30; at most 12)" in text(said)
    section = pooled(_length.section(corpus), differences)
    assert section.blocks[0] == ("Taken together here, though they differ: runs of different planner.",)
    assert pooled(section, {}) is section


def test_lengths_of_caps_are_compared(corpus: Corpus) -> None:
    tables = {table.key: table for table in _length.section(corpus).tables}
    found = tables["length-difference-30"]
    assert found.columns[1:4] == ("at most 12", "at most 30", "difference")
    assert [row[0] for row in found.rows] == [
        "utterances",
        "agreement",
        "utterances, viatex",
    ]


def test_runs_of_one_kind_need_no_word(judged: Run) -> None:
    assert differing(Corpus([judged])) == {}
    assert notice({}) is None


def test_what_has_no_partner_is_counted_and_what_was_not_tested_is_not_equal() -> None:
    def rows(pairs: int, alone: int) -> Sample:
        honest = [("viatex", "honest", index, float(index % 3)) for index in range(pairs + alone)]
        lying = [("viatex", "deceptive-2", index, float(index % 3) + index / 9) for index in range(pairs)]
        frame = pd.DataFrame([*honest, *lying], columns=["scenario", "condition", "index", "turns"])
        return Sample(frame.assign(id=range(len(frame))), DIALOGUES, "dialogues", "id")

    many = contrasts(
        [(ComparedColumn("turns", "utterances", 1), rows(12, 3))], "condition", "honest", "deceptive-2"
    )
    assert len(many[0].without_partner) == 3
    assert "no partner: 3 dialogues" in text(contrast_sentence("In b", "a", many))
    few = contrasts(
        [(ComparedColumn("turns", "utterances", 1), rows(1, 0))], "condition", "honest", "deceptive-2"
    )
    assert text(contrast_sentence("In b", "a", few)).endswith("there is too little data.")


def test_tactics_are_shares_of_those_open_to_both(judged: Run) -> None:
    corpus = Corpus([judged])
    both = open_to_both(corpus)
    used = corpus.tactics.only(agent=1, tactic=both)
    assert "false-information" not in both
    shares = shares_by_dialogue(used).frame
    assert len(shares) == used.frame["dialogue"].nunique()
    assert shares.filter(like="share of ").sum(axis=1).to_numpy() == pytest.approx(1)


def test_the_example_is_the_one_in_the_middle(corpus: Corpus, report: Report) -> None:
    known = corpus.complete.only(condition="honest")
    chosen = _examples.median_of(known)
    ordered = known.frame.sort_values(["turns", "id"])["id"].tolist()
    assert ordered.index(chosen) == (len(ordered) - 1) // 2
    (section,) = [each for each in report.sections if each.key == "examples"]
    assert [table.key for table in section.tables] == ["example-honest", "example-deceptive-2"]


def test_intervals_are_about_what_was_asked(judged: Run) -> None:
    def brackets(made: Report) -> int:
        return sum(
            isinstance(cell, Number) and cell.low is not None
            for table in _printed(made)
            for row in table.rows
            for cell in row
        )

    asked = {scope: report_on([judged], scope=scope) for scope in ("these", "any")}
    assert brackets(asked["these"]) > 100
    assert brackets(asked["any"]) == 0  # two scenarios say nothing of others


def _printed(made: Report) -> list[ReportTable]:
    return [table for section in made.sections for table in section.tables]


def test_a_judge_of_several_settings_is_said_to_be(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", dialogues=1)
    judge(run, judges=["oracle"])
    add_judge(run, "openai:fair", right=0.8)
    assert not any("fingerprints" in text(said) for said in notices_of(Corpus([run])))
    first = [sheet for sheet in run.judgements() if sheet.judge == "openai:fair"]
    append(run, [sheet.model_copy(update={"fingerprint": "warmer"}) for sheet in first])
    said = " ".join(text(one) for one in notices_of(Corpus([run])))
    assert "openai:fair answered deception under different settings" in said
    assert "fingerprints openai:fair and warmer" in said
