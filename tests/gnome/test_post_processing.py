"""Post-processing of mapped dialogues: every fault is told, and what is taken is as it must be."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from negosim.gnome import (
    DROPS,
    END,
    MappedAnswer,
    StrategyDialogue,
    StrategyUtterance,
    normalised,
    post_process,
    read_marked,
)

SAID = ("Hello, how are you today?", "I need the firewood, my kids are cold.", "Deal, take two of it.")
NEW = ("Hello, how is the ship?", "I need the sailcloth, my crew is becalmed.", "Deal, take six bales.")


def seed(id: str = "7", said: tuple[str, ...] = SAID) -> StrategyDialogue:
    strategies = ("rapport", "self-interest", "coordination")
    utterances = tuple(
        StrategyUtterance(number % 2, text, (strategies[number % 3],)) for number, text in enumerate(said)
    )
    return StrategyDialogue(id, "casino", utterances, f"casino:{id}")


def answer(copy: int, items: tuple[str, ...], domain: str = "a ship") -> MappedAnswer:
    return MappedAnswer("7", "casino", copy, domain, items)


def marked(said: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{text} {END}" for text in said)


def test_each_fault_has_its_count() -> None:
    other = ("Good day to you all.", "We run out of diesel, so we want that.", "Fine, the rest is for you.")
    joined = (f"{other[0]} {END} {other[1]} {END}", f"{other[2]} {END}")
    nearly = (NEW[0], NEW[1], "Deal, take six bale.")
    faulty = [
        answer(1, marked(NEW)),
        answer(2, marked(NEW)),
        answer(3, marked(nearly)),
        answer(4, marked(SAID)),
        answer(5, marked(NEW[:2])),
        answer(6, joined),
        answer(7, (NEW[0], f"{NEW[1]} {END} {NEW[2]}")),
        answer(8, marked(("Hi, is the campsite free?", "I need food and firewood.", "Take the food then."))),
        MappedAnswer("7", "casino", 9, failed="truncated"),
        MappedAnswer("7", "casino", 10, failed="failed"),
    ]
    done = post_process(faulty, [seed()])
    assert list(done.taken) == ["casino-7-m1", "casino-7-m6"]
    assert {int(id.rpartition("m")[2]): reason for id, reason in done.dropped.items()} == {
        2: "duplicate",
        3: "near_duplicate",
        4: "copy",
        5: "number",
        7: "markers",
        8: "leftover",
        9: "truncated",
        10: "failed",
    }
    assert done.drops() == dict.fromkeys(DROPS, 1)
    assert done.repaired == {"inside": 1}


def test_a_child_bears_its_parents_labels_group_and_name() -> None:
    child = post_process([answer(1, marked(NEW))], [seed()]).taken["casino-7-m1"]
    assert child.texts == NEW
    assert [item.strategies for item in child.utterances] == [item.strategies for item in seed().utterances]
    assert (child.parent, child.group, child.domain) == ("7", "casino:7", "a ship")


WORDS = st.text("abcde fgh", min_size=1, max_size=12).filter(lambda text: text.strip())
TALKS = st.lists(WORDS, min_size=1, max_size=6)


@given(TALKS)
def test_well_marked_utterances_are_read_as_they_were_said(said: list[str]) -> None:
    reading = read_marked([f"{text} {END}" for text in said], len(said))
    assert reading.utterances == tuple(" ".join(text.split()) for text in said)
    assert not reading.faults


@given(TALKS, st.data())
def test_items_joined_at_their_markers_are_parted_again(said: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.sets(st.integers(1, len(said)), max_size=len(said)))
    groups, group = [], []
    for number, text in enumerate(said, 1):
        group.append(f"{text} {END}")
        if number in cut or number == len(said):
            groups.append(" ".join(group))
            group = []
    assert read_marked(groups, len(said)).utterances == tuple(" ".join(text.split()) for text in said)


@given(TALKS, st.integers(1, 9))
def test_another_number_is_never_taken(said: list[str], wanted: int) -> None:
    reading = read_marked([f"{text} {END}" for text in said], wanted)
    assert (reading.utterances is not None) == (wanted == len(said))


@given(st.lists(st.tuples(WORDS, WORDS, st.booleans()), max_size=12))
@settings(max_examples=50)
def test_what_is_taken_and_dropped_is_all_there_is(items: list[tuple[str, str, bool]]) -> None:
    parent = seed(said=("one two three four five six", "seven eight nine ten"))
    answers = [
        answer(number, (f"{one} {END}", f"{other} {END}" if whole else other))
        for number, (one, other, whole) in enumerate(items, 1)
    ]
    done = post_process(answers, [parent])
    assert {*done.taken, *done.dropped} == {one.id for one in answers}
    assert not {*done.taken} & {*done.dropped}
    texts = Counter(normalised(dialogue.texts) for dialogue in done.taken.values())
    assert all(count == 1 for count in texts.values())
    assert all(len(dialogue.utterances) == 2 for dialogue in done.taken.values())
    again = post_process([one for one in answers if one.id in done.taken], [parent])
    assert list(again.taken.values()) == list(done.taken.values())
    assert not again.dropped
