"""The templates: complete, well-formed in every wording, and found again in what was said."""

import re
from itertools import chain
from random import Random

import pytest

from negosim.agents.sim.frame_files import library
from negosim.agents.sim.grammar import Speaker, Template, pick
from negosim.agents.sim.nodes import Paraphrases
from negosim.agents.sim.spelling import expanded, spoken, written
from negosim.agents.sim.voice import voices
from negosim.taxonomies import load_taxonomy

KNOWN = """
about actual aim alternative argument ask ask_issue asked before before2 bid both_offered deadline down
early fact fine focus focus_value gap give give_issue gives heard issue issue2 keeps keeps2 key later left lie
liked liked_value limit limit_issue me mine new new2 old old2 one other other2 package part part_issue partner
line_moved quote out refuses refuses2 reservation room said_otherwise same sentence stated stays stressed
tactic takes target theirs top undercut unproved up was why worth you
"""
SENTENCES = ("argument", "sentence", "lie", "fact", "alternative", "deadline", "why")
CLAIMS = {"priority", "reservation", "alternative", "deadline", "fact", "promise", "rumor"}
PLAIN = Speaker("plain", 7)

TACTIC_FRAMES = {
    name: [*entry.frames, *entry.short, *entry.closing]
    for name, entry in {**library().tactics, "neutral": library().neutral}.items()
}
FRAMES = [*chain(*TACTIC_FRAMES.values()), *chain(*library().pools.values())]
SLOTS = {name: "some words" if name not in SENTENCES else "Some words." for name in KNOWN.split()}


def marked(template: Template) -> set[str]:
    """Return the kinds of claim a template marks."""
    return set(re.findall(r"<(\w+): ", template.source))


def test_every_tactic_of_the_persuasion_taxonomy_has_words_for_long_turns_and_short_ones():
    for tactic in load_taxonomy("persuasion").tactics:
        assert len(library().tactics[tactic.id].frames) >= 5, tactic.id
        assert library().tactics[tactic.id].short, tactic.id


def test_anchoring_always_has_a_figure_and_door_in_the_face_a_first_request():
    anchoring, door = library().tactics["anchoring"], library().tactics["door-in-the-face"]
    assert all("focus_value" in frame.needs for frame in (*anchoring.frames, *anchoring.short))
    assert all("was" in frame.needs for frame in (*door.frames, *door.short))


def test_templates_are_well_formed_in_every_wording():
    names = {voice.name for voice in voices()}
    for template in FRAMES:
        source = template.source
        assert template.needs <= SLOTS.keys(), source
        assert template.voices <= names, source
        assert marked(template) <= CLAIMS, source
        for seed in range(6):
            slots = SLOTS if seed % 2 or "you" in template.needs else {**SLOTS}
            if seed % 2 == 0 and "you" not in template.needs:
                slots.pop("you")
            text = template.fill(slots, Random(seed), Speaker("formal" if seed == 5 else "plain", seed)).text
            assert text[-1] in ".?!”…", (source, text)
            assert not re.search(r"  | [.,?;:]|\.\.|,,|[?.!],|[{}<>|\[\]]", text), (source, text)


def test_phrases_bring_their_own_article_and_may_be_plurals():
    phrases = "(?:issue2?|focus|other2?|stated|room|theirs|asked|about|top|gap)"
    singular = rf"(?<!\b(?:on|to|of) )(?<!about )\{{{phrases}\}} (?:is|has|was|isn't|does)\b"
    for template in FRAMES:
        assert not re.search(rf"\b[Tt]he \{{{phrases}\}}", template.source), template.source
        assert not re.search(singular, template.source), template.source


def test_honest_templates_carry_no_claim_that_could_be_false():
    """Claims marked in the words of honest tactics would be recorded as lies."""
    deceptive = {tactic.id for tactic in load_taxonomy("persuasion").tactics if tactic.deceptive}
    for name, templates in TACTIC_FRAMES.items():
        if name not in deceptive:
            assert not [t.source for t in templates if marked(t) or "lie" in t.needs]


def test_filling_capitalises_sentences_and_avoids_double_stops():
    template = Template("{value}. <fact: {sentence}> And {value}.")
    filled = template.fill({"value": "ten p.m.", "sentence": "we close early."}, Random(1), PLAIN)
    assert filled.text == "Ten p.m. We close early. And ten p.m."
    assert filled.claims == (("fact", "We close early."),)


def test_a_condition_names_what_must_be_known_without_saying_it():
    template = Template("{?later}Once more, then.")
    assert template.needs == {"later"}
    assert template.fill({"later": ""}, Random(1), PLAIN).text == "Once more, then."


def test_alternatives_are_chosen_among_those_that_can_be_filled():
    template = Template("[Yes|No[, {you}|]], [{secret}|fine].")
    assert template.needs == frozenset()
    texts = {template.fill({"you": "Ada"}, Random(seed), PLAIN).text for seed in range(40)}
    assert texts == {"Yes, fine.", "No, fine.", "No, Ada, fine."}


def test_paraphrases_are_habits_of_a_speaker():
    paraphrases = Paraphrases([["I think", "I'd say", "I suppose", "I believe"]])
    template = Template("I think so, but I think twice.", paraphrases)

    def most(habits: int) -> float:
        texts = [template.fill({}, Random(seed), Speaker("plain", habits)).text for seed in range(80)]
        return max(texts.count(text) for text in set(texts)) / len(texts)

    assert all(most(habits) > 0.4 for habits in (3, 12345, 10**12))
    heard = {template.fill({}, Random(1), Speaker("plain", h)).text.split(" so")[0] for h in range(60)}
    assert len(heard) > 2


def test_words_of_a_voice_are_for_that_voice():
    pool = (Template("@salty Damn it, no."), Template("I am sorry, no."))
    assert {pick(pool, {}, Random(s), "", "", PLAIN).source for s in range(9)} == {"I am sorry, no."}
    salty = {pick(pool, {}, Random(s), "", "", Speaker("salty", 5)).source for s in range(30)}
    assert "@salty Damn it, no." in salty


def test_used_templates_come_last_and_unfillable_ones_never():
    pool = tuple(Template(f"Sentence number {word} of this pool.") for word in ("one", "two", "three"))
    said = "Sentence number one of this pool. Sentence number three of this pool."
    assert all(pick(pool, {}, Random(seed), said, said, PLAIN) is pool[1] for seed in range(20))
    secret = (Template("I know {secret}."), Template("I know nothing."))
    assert all(pick(secret, {}, Random(seed), "", "", PLAIN) is secret[1] for seed in range(20))
    assert pick(secret[:1], {}, Random(0), "", "", PLAIN) is None


@pytest.mark.parametrize(
    ("contracted", "full"),
    [
        ("I can't, and I'd rather not.", "I cannot, and I would rather not."),
        ("I'd hoped you'd agree, but it's been late.", "I had hoped you would agree, but it has been late."),
        ("Don't you think? It isn't much; that's all.", "Don't you think? It is not much; that is all."),
        ("Let's go. You'd better not.", "Let us go. You had better not."),
    ],
)
def test_formal_speakers_write_contractions_out(contracted, full):
    assert expanded(contracted) == full


def test_scenario_sentences_have_two_spellings():
    assert spoken("I would rather wait") == "I'd rather wait."
    assert written("I would rather wait") == "I would rather wait."
