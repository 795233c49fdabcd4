"""Mapped dialogues for others: pairs that people grade, and the corpus with its data card."""

import json
from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.gnome import PAIRS, domain_clusters, export_corpus, map_dialogues, pair_agreement, write_pairs
from negosim.judging import annotation
from negosim.reports import report_on
from negosim.store import Run


@pytest.fixture
def mapped(casino: Run, tmp_path: Path) -> Run:
    return map_dialogues([casino], tmp_path / "mapped", copies=1)


def grade(run: Run, name: str, grades: list[tuple[int, int]]) -> None:
    with annotation(run, name, questions=[PAIRS]) as opened:
        for page in sorted(opened.pages, key=lambda page: page.code):
            for slot, value in zip(page.slots, grades.pop(0), strict=True):
                opened.enter(page, slot, value)
        opened.save()


def test_people_grade_pairs_and_their_agreement_is_told(mapped: Run, casino: Run, tmp_path: Path) -> None:
    pairs = write_pairs(mapped, [casino], tmp_path / "pairs", sample=4)
    own = [dialogue.own_scenario for dialogue in pairs]
    assert len(own) == 4
    assert all(scenario is not None and "I need the firewood" in scenario.context for scenario in own)
    with pytest.raises(UserError, match="nobody has answered gnome-pairs"):
        pair_agreement(pairs)
    grade(pairs, "ann", [(5, 4), (5, 3), (4, 2), (2, 1)])
    grade(pairs, "ben", [(5, 4), (4, 3), (4, 2), (2, 1)])
    structure, coherence = pair_agreement(pairs)
    assert structure.question == "structural-similarity"
    assert structure.mean == pytest.approx(31 / 8)
    assert structure.same == pytest.approx(3 / 4)
    assert coherence.alpha is not None
    assert coherence.alpha.value == pytest.approx(1.0)
    assert structure.alpha is not None
    assert 0.7 < structure.alpha.value < 1.0


def test_pairs_need_their_sources(mapped: Run, casino: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not mapped"):
        write_pairs(casino, [casino], tmp_path / "pairs")
    with pytest.raises(UserError, match="in none of the source runs"):
        write_pairs(mapped, [], tmp_path / "pairs")


def test_an_export_has_lines_and_a_card(mapped: Run, casino: Run, tmp_path: Path) -> None:
    card = export_corpus([mapped, casino], tmp_path / "corpus")
    lines = [json.loads(line) for line in (tmp_path / "corpus" / "dialogues.jsonl").read_text().splitlines()]
    assert json.loads((tmp_path / "corpus" / "card.json").read_text()) == card
    assert (card["dialogues"], card["mapped_by"]) == (12, {"rules": 6, "human": 6})
    assert len(lines) == 12
    child = next(line for line in lines if line["parent"] == "3")
    parent = next(line for line in lines if line["id"] == "3")
    assert child["group"] == parent["group"] == "casino:3"
    assert [item["strategies"] for item in child["utterances"]] == [
        item["strategies"] for item in parent["utterances"]
    ]
    readme = (tmp_path / "corpus" / "README.md").read_text()
    assert "CC BY 4.0" in readme
    assert "split by `group`" in readme


def test_titles_that_mean_the_same_are_one_domain() -> None:
    found = domain_clusters(["a bakery", "a small bakery", "A bakery", "a spaceship's crew"])
    assert found is not None
    assert (found.titles, found.distinct, found.examples[0]) == (3, 2, "a bakery")
    assert domain_clusters([]) is None


def test_a_report_says_what_became_of_mapped_dialogues(mapped: Run) -> None:
    sections = {section.key: section for section in report_on([mapped]).sections}
    (table,) = sections["mapping"].tables
    counts = {str(row[1]): str(row[2]) for row in table.rows}
    assert counts["mapped"] == counts["taken"] == "6"
    assert counts["dropped: no usable answer"] == "0"
    assert "6 distinct domains" in "".join(map(str, sections["mapping"].paragraphs[0]))
