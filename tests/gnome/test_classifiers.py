"""Classifiers of strategies: what they learn, how they are split and tested, and as judges."""

from pathlib import Path
from random import Random

import pytest

from negosim.errors import UserError
from negosim.gnome import (
    STRATEGIES,
    ClassifierSpec,
    StrategyClassifier,
    StrategyDialogue,
    StrategyUtterance,
    experiments,
    experiments_table,
    labelled,
    map_dialogues,
    mask,
    split_by_group,
)
from negosim.gnome._experiments import training_dialogues
from negosim.gnome._metrics import group_sums, weighted_f1
from negosim.judging import judge
from negosim.store import Run

SAYINGS = {
    "rapport": ("hello there my friend", "thank you so much", "good morning to you"),
    "coordination": ("how about two of them", "would you take three", "what do you want"),
    "self-interest": ("my kids are ill", "i really need it for us", "my knees hurt badly"),
}


def talks(source: str, count: int, *, tail: str = "") -> list[StrategyDialogue]:
    random = Random(source)
    found = []
    for number in range(count):
        names = random.choices(list(SAYINGS), k=6)
        said = tuple(
            StrategyUtterance(
                place % 2, f"{random.choice(SAYINGS[name])} {source} {random.randrange(40)}{tail}", (name,)
            )
            for place, name in enumerate(names)
        )
        found.append(StrategyDialogue(str(number), source, said, f"{source}:{number // 2}"))
    return found


def children(parents: list[StrategyDialogue]) -> list[StrategyDialogue]:
    """Return mapped dialogues that say exactly what their parents do, so that a leak shows."""
    return [
        StrategyDialogue(
            f"{parent.source}-{parent.id}-m1",
            parent.source,
            parent.utterances,
            parent.group,
            parent=parent.id,
            domain="a ship",
        )
        for parent in parents
    ]


def test_no_child_stands_across_the_split_from_its_parent() -> None:
    parents = [*talks("casino", 20), *talks("craigslist", 20)]
    for seed in range(5):
        split = split_by_group(parents, seed)
        train = {(item.source, item.id) for item in split.train}
        test = {(item.source, item.id) for item in split.test}
        assert not train & test
        assert not {item.group for item in split.train} & split.test_groups
        assert len(train) / len(parents) == pytest.approx(0.6, abs=0.06)
        taken = split.mapped_for_training(children(parents))
        assert {(item.source, item.parent) for item in taken} == train
        for kind in ("sources", "duplicates", "mapped", "mapped only"):
            data = training_dialogues(split, kind, ["casino"], children(parents))
            assert all(item.group not in split.test_groups and item.source == "casino" for item in data)
        copies = training_dialogues(split, "duplicates", ["casino"], children(parents))
        assert len(copies) == len(training_dialogues(split, "mapped", ["casino"], children(parents)))


def test_weighted_f1_is_scikit_learns() -> None:
    import numpy as np
    from sklearn.metrics import f1_score

    random = np.random.default_rng(1)
    truth, given = random.random((60, 5)) < 0.3, random.random((60, 5)) < 0.4
    found = group_sums(truth, given, [str(number % 7) for number in range(60)])
    wanted = f1_score(truth, given, average="weighted", zero_division=0)
    assert float(weighted_f1(found.sums.sum(axis=0))) == pytest.approx(wanted)


def test_experiments_compare_in_pairs_and_a_leak_is_alarming() -> None:
    sources = [*talks("casino", 12), *talks("craigslist", 12), *talks("job-interview", 12)]
    noise = Random(3)
    names = list(SAYINGS)
    blurred = [
        StrategyDialogue(
            item.id,
            item.source,
            tuple(
                StrategyUtterance(0, f"{item.id} {place} unlike others", (noise.choice(names),))
                for place, _ in enumerate(item.utterances)
            ),
            item.group,
        )
        for item in sources
    ]
    done = experiments(blurred, children(blurred), classifiers=["majority", "tfidf"], seeds=2)
    for setting in ("in-domain", "out-of-domain", "leave-one-out"):
        assert done.row(setting, "sources", "majority") is not None
        plain, copies = (done.row(setting, kind, "tfidf") for kind in ("sources", "duplicates"))
        assert plain is not None
        assert copies is not None
        assert plain.f1.low <= plain.f1.value <= plain.f1.high
    assert len(done.alarms()) == 1
    assert done.alarms()[0].startswith("tfidf, leak: F1 rises by")
    table = experiments_table(done)
    assert table["paper"]["in-domain"]["DeBERTa"] == {"sources": 0.5918, "mapped": 0.891}
    assert {row["against"] for row in table["claim"]} == {"duplicates"}
    assert not any(row["holds"] for row in table["claim"])


def test_what_cannot_be_tested_is_said() -> None:
    casino = talks("casino", 6)
    with pytest.raises(UserError, match="out-of-domain needs 2 data sets"):
        experiments(casino, classifiers=["majority"])
    with pytest.raises(UserError, match="needs a mapped run"):
        experiments(casino, classifiers=["majority"], settings=["in-domain"], trainings=["mapped"])
    with pytest.raises(UserError, match="is a mapped dialogue"):
        experiments(children(casino), settings=["in-domain"])
    for wrong in ("tfidfs", "majority:x", "decoder"):
        with pytest.raises(UserError, match="no classifier"):
            ClassifierSpec.parse(wrong)


def test_masking_leaves_how_it_is_said() -> None:
    assert mask("Could I have 2 firewood, and $1,200.50?") == ("Could I have number thing , and $ number ?")


def test_a_trained_classifier_is_a_judge_of_any_run(casino: Run, tmp_path: Path) -> None:
    data = [*talks("casino", 30), *labelled([casino]).dialogues]
    made = StrategyClassifier.trained(ClassifierSpec.parse("tfidf", 1), data)
    made.save(tmp_path / "made", data, 0)
    again = StrategyClassifier.load(tmp_path / "made")
    said = ["hello there my friend", "how about two of them"]
    assert again.strategies(said) == made.strategies(said) == [("rapport",), ("coordination",)]
    name = f"strategy:{tmp_path / 'made'}"
    judge(casino, judges=[name], questions=[STRATEGIES])
    sheets = [sheet for sheet in casino.judgements() if sheet.judge == name]
    assert len(sheets) == 7
    assert {item.status for sheet in sheets for item in sheet.judgements} == {"ok"}
    assert {item.question for item in sheets[0].judgements} == set(made_classes(again))
    weights = tmp_path / "made" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-9])
    with pytest.raises(UserError, match=r"damaged: weights\.npz"):
        StrategyClassifier.load(tmp_path / "made")
    with pytest.raises(UserError, match="negosim gnome train makes one"):
        judge(casino, judges=["strategy:nowhere"], questions=[STRATEGIES])
    with pytest.raises(UserError, match="write strategy:FOLDER"):
        judge(casino, judges=["strategy"], questions=[STRATEGIES])


def made_classes(classifier: StrategyClassifier) -> tuple[str, ...]:
    assert classifier.card is not None
    return classifier.card.classes


def test_mapped_and_source_runs_are_tested_together(casino: Run, tmp_path: Path) -> None:
    mapped = labelled([map_dialogues([casino], tmp_path / "m", copies=2)]).dialogues
    sources = labelled([casino]).dialogues
    done = experiments(sources, mapped, classifiers=["tfidf"], settings=["in-domain"], seeds=1)
    assert {row.training for row in done.rows} == {"sources", "duplicates", "mapped", "leak"}
