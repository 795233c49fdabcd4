"""Labelled sources: what is used, in which classes, and which are richest in rare ones."""

from pathlib import Path

import pytest

from negosim.errors import UserError
from negosim.gnome import (
    StrategyDialogue,
    StrategyUtterance,
    label_map,
    labelled,
    rarity_scores,
    seed_set,
    write_seeds,
)
from negosim.gnome._sources import UNLABELLED
from negosim.importing import import_dialogues
from negosim.store import Run


def test_labels_become_classes_and_what_cannot_be_used_is_counted(casino: Run) -> None:
    found = labelled([casino])
    counts = found.counts["casino"]
    assert (counts.found, counts.used, counts.dropped) == (
        7,
        6,
        {"no labels, or none that align with its texts": 1},
    )
    assert counts.wordless == 12
    assert counts.several == 6
    first = found.dialogues[0]
    assert [item.strategies for item in first.utterances] == [
        ("rapport",),
        ("self-interest",),
        ("coordination",),
        ("assessment", "coordination"),
        ("non-strategic",),
    ]


def test_the_frozen_map_names_known_classes_alone() -> None:
    for source in label_map().sources.values():
        assert set(source.labels.values()) <= set(label_map().names)


def talk(id: str, *strategies: str) -> StrategyDialogue:
    return StrategyDialogue(
        id, "casino", tuple(StrategyUtterance(0, "Yes.", (name,)) for name in strategies), id
    )


def test_a_score_is_the_sum_of_inverse_shares() -> None:
    talks = [talk("a", "rapport"), talk("b", "assessment"), talk("c", "assessment", "assessment")]
    assert rarity_scores(talks) == pytest.approx([4.0, 4 / 3, 8 / 3])
    assert [item.id for item in seed_set(talks, 2)] == ["a", "c"]


def test_seeds_are_kept_as_they_were(casino: Run, tmp_path: Path) -> None:
    seeds = seed_set(labelled([casino]).dialogues, 2)
    assert [item.id for item in seeds] == ["5", "4"]
    again = labelled([write_seeds(tmp_path / "seeds", seeds, {})]).dialogues
    assert again == seeds


def test_a_run_without_known_labels_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "talks.jsonl"
    source.write_text(
        '{"id": "a", "turns": [{"speaker": "A", "text": "Hi."}, {"speaker": "B", "text": "Ho."}]}\n'
    )
    with pytest.raises(UserError, match="no run with labelled strategies: import one of casino"):
        labelled([import_dialogues(source, tmp_path / "talks")])


def test_a_dialogue_cannot_stand_in_two_runs(casino: Run) -> None:
    with pytest.raises(UserError, match="stands in two of the runs"):
        labelled([casino, casino])


JOB = (
    "text,meta_text,flag\n"
    "<sep> hello <sep> hi there <sep> i can offer you <sep> 35 an hour "
    "<sep> no that is too low <sep> ok <end>,"
    "\"['<sep>', '<greet>', '<sep>', '<greet>', '<sep>', '<propose>', '<sep>', '<disagree>', '<propose>', "
    "'<sep>', '<disagree>', '<sep>', '<agree>', '<end>']\",0\n"
    "<sep> hello <sep> no <end>,nan,0\n"
)
"""Two messages in a row are one group of acts, and an offer by button is a group without text."""


def test_acts_of_job_interviews_are_realigned_not_zipped(tmp_path: Path) -> None:
    source = tmp_path / "job.csv"
    source.write_text(JOB)
    found = labelled([import_dialogues(source, tmp_path / "job", format="job-interview")])
    assert found.counts["job-interview"].dropped == {UNLABELLED: 1}
    (dialogue,) = found.dialogues
    assert [(item.text, item.strategies) for item in dialogue.utterances] == [
        ("hello", ("rapport",)),
        ("hi there", ("rapport",)),
        ("i can offer you 35 an hour", ("coordination",)),
        ("no that is too low", ("assessment",)),
        ("ok", ("assessment",)),
    ]
