"""The frames: complete, well-formed, and found again in what was said."""

import re
from itertools import chain
from random import Random

from negosim.agents.sim._frames import Frame, library, pick
from negosim.taxonomies import load_taxonomy

KNOWN = """
about actual aim alternative argument ask ask_issue asked before before2 bid both_offered deadline
early fact fine focus focus_value gap give give_issue heard issue issue2 key later left lie liked
liked_value limit limit_issue me mine new new2 old old2 other other2 package part part_issue partner
quote reservation room same sentence stated stressed tactic target theirs top was worth you
"""
PHRASES = "(?:issue2?|focus|other2?|stated|room|theirs|asked|about|top|gap)"
CLAIMS = {"priority", "reservation", "alternative", "deadline", "fact", "promise", "rumor"}

TACTIC_FRAMES = {
    name: [*entry.frames, *entry.closing]
    for name, entry in {**library().tactics, "neutral": library().neutral}.items()
}
FRAMES = [*chain(*TACTIC_FRAMES.values()), *chain(*library().pools.values())]


def test_every_tactic_of_the_persuasion_taxonomy_has_frames():
    for tactic in load_taxonomy("persuasion").tactics:
        assert len(library().tactics[tactic.id].frames) >= 5, tactic.id


def test_frames_are_well_formed():
    for frame in FRAMES:
        source = frame.source
        assert frame.needs <= set(KNOWN.split()), source
        assert {value for kind, value in frame.tokens if kind == "claim"} <= CLAIMS, source
        assert frame.fill(dict.fromkeys(frame.needs, "Something.")).text[-1] in ".?!”", source
        assert not re.search(rf"\b[Tt]he \{{{PHRASES}\}}", source), (
            f"{source}: phrases bring their own article"
        )
        singular = rf"(?<!\b(?:on|to|of) )(?<!about )\{{{PHRASES}\}} (?:is|has|was|isn't|does|matters)\b"
        assert not re.search(singular, source), (
            f"{source}: a phrase may be a plural, so no verb in the singular"
        )


def test_frames_of_the_public_pools_can_be_told_apart():
    public = [*chain(*TACTIC_FRAMES.values())]
    for name, pool in library().pools.items():
        if name.startswith(("reactions", "moves")):
            public += pool
    keys = [frame.key for frame in public if len(frame.key) > 12]
    assert len(keys) == len(set(keys))


def test_honest_frames_carry_no_claim_that_could_be_false():
    """Claims marked in the frames of honest tactics would be recorded as lies."""
    deceptive = {tactic.id for tactic in load_taxonomy("persuasion").tactics if tactic.deceptive}
    for name, frames in TACTIC_FRAMES.items():
        if name not in deceptive:
            assert not [frame.source for frame in frames if any(kind == "claim" for kind, _ in frame.tokens)]
            assert not [frame.source for frame in frames if "lie" in frame.needs]


def test_filling_capitalises_sentences_and_avoids_double_stops():
    frame = Frame("{value}. <fact: {sentence}> And {value}.")
    filled = frame.fill({"value": "ten p.m.", "sentence": "we close early."})
    assert filled.text == "Ten p.m. We close early. And ten p.m."
    assert filled.claims == (("fact", "We close early."),)


def test_a_condition_names_what_must_be_known_without_saying_it():
    frame = Frame("{?later}Once more, then.")
    assert frame.needs == {"later"}
    assert frame.fill({"later": ""}).text == "Once more, then."


def test_used_frames_come_last():
    pool = tuple(Frame(f"Sentence number {word} of this pool.") for word in ("one", "two", "three"))
    said = "Sentence number one of this pool. Sentence number three of this pool."
    for seed in range(20):
        assert pick(pool, {}, Random(seed), said, said) is pool[1]
    assert pick(pool, {}, Random(0), said + pool[1].source, said) is pool[1], "not used by the speaker itself"


def test_a_frame_whose_slots_are_unknown_is_not_picked():
    pool = (Frame("I know {secret}."), Frame("I know nothing."))
    assert all(pick(pool, {}, Random(seed), "", "") is pool[1] for seed in range(20))
    assert pick(pool[:1], {}, Random(0), "", "") is None
