"""Claims in words, by meaning: what each sign sees, and that the committed claims are judged well."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from negosim.judging import Statement, verdict
from negosim.judging._embedding import coverage, embed, embeddings_available
from negosim.judging._moments import OPEN, moments
from negosim.judging._notes import Notes, notes_for, read_aloud
from negosim.judging._wording import SIGNS, by_meaning, signs
from negosim.scenarios import load_scenario

CLAIMS = Path(__file__).resolve().parents[2] / "benchmarks" / "claims" / "claims.jsonl"

needs_text = pytest.mark.skipif(not embeddings_available(), reason="needs negosim[text]")

SHOP = Notes(
    true=(
        "The shop sold fifty-eight percent of its chairs.",
        "The lease of the shop ends on Friday.",
        "The roof of the shop is sound.",
        "A buyer has offered $40,000.",
    ),
    made_up=(
        "A foreign prince wants to buy the shop.",
        "The prince has three palaces.",
        "He waits till tomorrow.",
    ),
    today=date(2024, 5, 7),
)


def sign(quote: str, name: str, notes: Notes = SHOP) -> float:
    return float(signs(quote, "fact", notes)[0][SIGNS.index(name)])


def judged(quote: str, notes: Notes = SHOP) -> str:
    return by_meaning(quote, "fact", notes).truth


@needs_text
def test_similar_sentences_are_near_and_others_far() -> None:
    found = embed(("The roof is fine.", "The roof of the shop is sound.", "My aunt plays chess."))
    assert np.allclose((found**2).sum(axis=1), 1, atol=1e-5)
    near, far = found[0] @ found[1], found[0] @ found[2]
    assert near > far + 0.25


@needs_text
@pytest.mark.parametrize(
    ("quote", "name", "seen"),
    [
        ("We have sold 58 % of the chairs.", "number_same", True),
        ("Not even six chairs in ten are sold.", "number_same", True),
        ("We have sold 88 per cent of the chairs.", "number_same", False),
        ("We have sold eighty-eight percent of the chairs.", "number_other", True),
        ("Somebody offered forty thousand.", "number_other", False),
        ("Somebody offered ninety thousand.", "number_other", True),
        ("Somebody offered less than fifty thousand.", "number_other", False),
        ("Somebody offered more than fifty thousand.", "number_other", True),
        ("The prince named three palaces.", "number_made_up", True),
        ("The roof of the shop is sound.", "polarity", True),
        ("The roof of the shop is not sound.", "polarity", False),
        ("No foreign prince wants to buy the shop.", "polarity_made_up", False),
        ("The lease of the shop ends on Friday.", "moment_same", True),
        ("The lease of the shop ends tomorrow.", "moment_same", False),
        ("The prince must know tomorrow.", "moment_made_up", True),
        ("Nobody has ever come in.", "all_or_none", True),
        ("We have hardly any chairs.", "all_or_none", False),
        ("I am unable to sell.", "plays_down", True),
        ("We would sell if we could.", "conditional", True),
    ],
)
def test_each_sign_sees_its_kind(quote: str, name: str, seen: bool) -> None:
    assert (sign(quote, name) > 0) == seen


@needs_text
def test_what_was_made_up_is_near_what_may_be_made_up() -> None:
    assert sign("A prince from abroad means to buy our shop.", "near_made_up") > 0.4
    assert judged("A prince from abroad means to buy our shop.") == "false"


@needs_text
def test_a_claim_is_covered_by_words_of_its_meaning() -> None:
    text = "The top of the house is not broken."
    assert coverage(text, ("The roof is sound.",)) > coverage(text, ("My aunt plays chess.",)) + 0.05
    assert coverage(text, ()) == coverage("it is", ("The roof is sound.",)) == 0
    assert coverage(text, (text,)) > 0.99


@needs_text
def test_a_claim_whose_number_or_polarity_is_another_is_never_true() -> None:
    assert judged("The shop sold fifty-eight percent of its chairs.") == "true"
    assert judged("The shop sold ninety-one percent of its chairs.") != "true"
    assert judged("The shop did not sell fifty-eight percent of its chairs.") != "true"
    assert judged("My aunt plays chess with the mayor.") == "unverifiable"


@needs_text
@pytest.mark.parametrize(
    "quote", ["A lord has bid for the shop.", "I must know by tomorrow.", "Nobody comes."]
)
def test_nobody_is_accused_without_a_ground(quote: str) -> None:
    plain = Notes(SHOP.true, (), SHOP.today)
    accuses = tuple((0.0, *(0.0 for _ in SIGNS)) for _ in range(3))
    accuses = (accuses[0], (9.0, *accuses[1][1:]), accuses[2])
    assert by_meaning(quote, "fact", plain, accuses).truth == "unverifiable"
    worn = by_meaning("The roof of the shop is not sound.", "fact", plain, accuses)
    assert worn.truth == "false"


def test_moments_are_days_from_today_where_that_is_known() -> None:
    tuesday = date(2024, 5, 7)
    assert moments("I must know tonight, or by Friday, or tomorrow.", tuesday) == {0, 3, 1}
    assert moments("By Wednesday.", tuesday) == moments("Tomorrow.", tuesday)
    assert moments("By Friday, next week.", None) == {"friday", "next week"}
    assert moments("In the end, one day.", tuesday) == set()
    assert moments("The Saturday and Sunday paper, every Friday.", tuesday) == set()
    assert moments("By the thirty-first, when the month ends.", tuesday) == {24}
    assert moments("By 3 June, on June 3rd, or the 5th of May.", tuesday) == {27, 363}
    assert moments("By the 31st of June, it may 3 times.", tuesday) == set()


def test_ends_of_periods_and_that_nothing_presses_are_moments() -> None:
    december = date(2024, 12, 10)
    assert moments("Until the close of this month.", december) == {21}
    assert moments("By the end of next month, the year's end too.", december) == {52, 21}
    assert moments("Till this week is over.", december) == {"end of this week"}
    assert moments("By the end of next month.", None) == {"end of next month"}
    for words in ("No date drives me.", "Nothing is pressing us.", "At any time.", "We need not rush."):
        assert moments(words, december) == {OPEN}
    assert moments("Nothing is lost, and no one came.", december) == set()


@needs_text
@pytest.mark.parametrize(
    ("quote", "other"),
    [
        ("The lease of the shop ends on Friday.", False),
        ("The lease of the shop ends on Monday.", True),
        ("The lease of the shop ends whenever I like.", True),
        ("The lease of the shop ends.", False),
    ],
)
def test_a_moment_stands_against_that_of_the_nearest_note(quote: str, other: bool) -> None:
    assert sign(quote, "moment_other") == other
    assert not other or judged(quote) != "true"


@needs_text
@pytest.mark.parametrize(
    ("quote", "decided"),
    [
        ("We ship.", False),
        ("It is theirs.", False),
        ("We sell.", False),
        ("By Friday.", True),
        ("Fifty-eight percent.", True),
        ("The roof of the shop is sound.", True),
    ],
)
def test_what_says_too_little_is_not_compared(quote: str, decided: bool) -> None:
    accuses = ((0.0,) * (len(SIGNS) + 1), (9.0, *[0.0] * len(SIGNS)), (0.0,) * (len(SIGNS) + 1))
    short = Notes(SHOP.true, ("We sell and ship for three palaces of the prince.", *SHOP.made_up), SHOP.today)
    found = by_meaning(quote, "fact", short, accuses)
    assert ("too short" in found.reason) is not decided
    assert decided or found.truth == "unverifiable"


@needs_text
def test_a_bare_name_is_no_lie() -> None:
    hints = Notes(("Norbert the prince has written.",), ("Norbert the prince pays double.", "Norbert."), None)
    accuses = ((0.0,) * (len(SIGNS) + 1), (9.0, *[0.0] * len(SIGNS)), (0.0,) * (len(SIGNS) + 1))
    assert by_meaning("Norbert.", "fact", hints, accuses).truth == "unverifiable"
    assert by_meaning("Norbert pays us double and at once.", "fact", hints, accuses).truth == "false"


def test_notes_have_all_that_the_brief_says_in_the_first_person() -> None:
    scenario = load_scenario("sally-soprano")
    house = next(role for role in scenario.roles if role.id == "opera-house")
    notes = notes_for(house, scenario)
    assert "I have called eleven agents" in notes.true
    assert any("fifty-eight percent" in note for note in notes.true)
    assert any("nineteen days" in note for note in notes.true), "what everybody knows"
    assert notes.today == scenario.today
    assert set(house.fabrications.fact) <= set(notes.made_up)
    assert not set(notes.made_up) & set(notes.true)


@needs_text
@pytest.mark.parametrize("name", ["sally-soprano", "west-wind"])
def test_committed_claims_are_judged_well_and_the_honest_seldom_accused(name: str) -> None:
    """With weights that were fitted to these claims among others; benchmarks/lie_check.py leaves them out."""
    scenario = load_scenario(name)
    rows = [json.loads(line) for line in CLAIMS.read_text().splitlines()]
    found = []
    for row in rows:
        if row["scenario"] == name and row["subject"] in ("alternative", "deadline", "fact"):
            role = next(role for role in scenario.roles if role.id == row["role"])
            statement = Statement(row["subject"], row["quote"], row["issue"], row["stated"])
            said = verdict(statement, role, scenario.issues, scenario=scenario).truth
            found.append((row["truth"], said))
    lies = [said for truth, said in found if truth == "false"]
    honest = [said for truth, said in found if truth == "true"]
    assert lies.count("false") >= len(lies) / 3
    assert honest.count("false") <= max(1, 0.07 * len(honest))
    assert {said for _, said in found} <= {"true", "false", "unverifiable"}


@pytest.mark.parametrize(
    ("note", "aloud"),
    [
        ("A signature binds I.", "A signature binds me."),
        ("Nothing forces I to sign, and I can wait", "Nothing forces me to sign, and I can wait"),
        ("What I promise I keep.", "What I promise I keep."),
    ],
)
def test_a_note_in_a_reason_reads_as_a_person_would_say_it(note: str, aloud: str) -> None:
    assert read_aloud(note) == aloud
