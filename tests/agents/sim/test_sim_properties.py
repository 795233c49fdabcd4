"""Properties of every dialogue of the simulated negotiator, over every built-in negotiation."""

import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from negosim.agents.sim import SimAgent
from negosim.records import Turn
from negosim.scenarios import load_scenario
from negosim.table import table_after
from negosim.views import view_of

pytestmark = [pytest.mark.xdist_group("sim_properties"), pytest.mark.slow]  # one process plays the dialogues
SCENARIOS = (
    *("camp-lemonnier", "casino-two", "daily-herald", "heron-mill", "parker-gibson", "powerscreen"),
    *("ren-the-robot", "rose-lane", "sally-soprano", "viatex", "west-wind"),
)
"""Negotiations with a wide zone of agreement, over which rates are taken."""
SAMPLE = 10
"""Dialogues a scenario and condition; docs/simulated-negotiator.md has the rates over 200."""
OTHERS = ("carer", "cello", "hedgerow", "quarry-road", "winter-ferry")
"""Negotiations of other kinds: the properties of each dialogue hold in them too."""
FEW = 2
"""Dialogues of each of the others and condition."""


@pytest.fixture(scope="module")
def played(play) -> dict[tuple[str, tuple[int, ...]], list[Any]]:
    return {
        (scenario, deceptive): [play(load_scenario(scenario), index, deceptive) for index in range(count)]
        for names, count in ((SCENARIOS, SAMPLE), (OTHERS, FEW))
        for scenario in names
        for deceptive in ((), (1,))
    }


def turns_of(dialogues: list[Any]) -> list[Turn]:
    return [turn for dialogue in dialogues for turn in dialogue.turns]


def all_dialogues(played) -> list[Any]:
    return [dialogue for dialogues in played.values() for dialogue in dialogues]


def test_honest_dialogues_mostly_agree_but_not_always(played):
    agreed = {
        scenario: sum(dialogue.table.deal is not None for dialogue in played[scenario, ()]) / SAMPLE
        for scenario in SCENARIOS
    }
    assert all(rate >= 0.3 for rate in agreed.values()), agreed
    assert 0.7 <= sum(agreed.values()) / len(agreed) <= 0.97, agreed


def test_no_deal_is_worth_less_than_a_reservation_value(played):
    for dialogue in all_dialogues(played):
        if dialogue.table.deal is not None:
            scenario = dialogue.scenario
            for role in range(len(scenario.roles)):
                if dialogue.table.in_deal(role):
                    reservation = scenario.roles[role].payoff.reservation
                    assert scenario.value(role, dialogue.table.deal) >= reservation


def test_nobody_offers_or_accepts_below_the_reservation_value(played):
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            offer = turn.utterance.offer
            if offer is not None and len(offer) == len(dialogue.scenario.issues):
                payoff = dialogue.scenario.roles[turn.role].payoff
                assert dialogue.scenario.value(turn.role, offer) >= payoff.reservation


def test_honest_claims_are_true_and_honest_roles_use_no_deceptive_tactic(played):
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            side = dialogue.sides[turn.role]
            if not side.deceptive:
                assert all(claim.true for claim in turn.claims)
                assert {claim.technique for claim in turn.claims} <= {None, "omission", "paltering"}
                assert all((claim.technique is None) == (claim.left_out is None) for claim in turn.claims)
                assert not side.tactics.by_id[turn.tactic].deceptive


def test_some_roles_that_may_lie_never_do_and_none_only_lies(played):
    liars, true = 0, 0
    deceptive = [d for (_, roles), dialogues in played.items() if roles for d in dialogues]
    for dialogue in deceptive:
        claims = [claim for turn in dialogue.turns if turn.role == 1 for claim in turn.claims]
        lies = [claim for claim in claims if not claim.true]
        liars += bool(lies)
        techniques = dialogue.sides[1].techniques
        assert all(claim.technique in techniques.by_id for claim in lies)
        true += len(claims) - len(lies)
    assert 0.4 * len(deceptive) < liars < 0.9 * len(deceptive)
    assert true > SAMPLE


def test_whoever_leaves_says_why_and_hardly_anybody_leaves_what_is_better_than_no_deal(played):
    against_interest = 0
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            ends = turn.utterance.action == "walk_away"
            assert not ends or turn.leaves_for is not None
            if turn.leaves_for is not None:
                against_interest += turn.leaves_for != "below"
                offers = [
                    t.utterance.offer for t in dialogue.turns[: turn.index]
                    if t.role != turn.role and t.utterance.action == "offer"
                    and len(t.utterance.offer or {}) == len(dialogue.scenario.issues)
                ]  # fmt: skip
                payoff = dialogue.scenario.roles[turn.role].payoff
                beats = bool(offers) and (dialogue.scenario.value(turn.role, offers[-1]) > payoff.reservation)
                assert (turn.leaves_for == "below") == (not beats)
    assert against_interest <= 0.08 * len(all_dialogues(played))


def test_turns_whose_words_do_not_express_their_tactic_are_marked(played):
    turns = turns_of(all_dialogues(played))
    assert all(turn.realised is not None for turn in turns)
    assert 0.02 < sum(not turn.realised for turn in turns) / len(turns) < 0.45


def test_quotes_occur_in_what_was_said(played):
    claims = 0
    for turn in turns_of(all_dialogues(played)):
        for claim in turn.claims:
            assert claim.quote in turn.utterance.text
            claims += 1
    assert claims > 400


def test_a_limit_falsely_stated_is_stricter_than_the_real_one(played):
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            for claim in turn.claims:
                if claim.subject == "reservation":
                    issue = dialogue.scenario.issue_by_id[claim.issue]
                    points = dialogue.scenario.roles[turn.role].payoff.points
                    assert points(issue, claim.stated) > points(issue, claim.actual)
                    assert issue.label(claim.stated).casefold() in claim.quote.casefold()


def test_a_limit_falsely_stated_is_not_refuted_by_earlier_offers(played):
    bluffs = 0
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            for claim in turn.claims:
                if claim.subject == "reservation" and not claim.true:
                    bluffs += 1
                    issue = dialogue.scenario.issue_by_id[claim.issue]
                    points = dialogue.scenario.roles[turn.role].payoff.points
                    for before in dialogue.turns[: turn.index]:
                        if before.role == turn.role and issue.id in (before.utterance.offer or {}):
                            offered = before.utterance.offer[issue.id]
                            assert before.utterance.action != "offer" or (
                                points(issue, offered) >= points(issue, claim.stated)
                            )
    assert bluffs > 5


def test_a_role_never_changes_its_story(played):
    for dialogue in all_dialogues(played):
        for role in range(len(dialogue.sides)):
            claims = [
                claim
                for turn in dialogue.turns
                if turn.role == role
                for claim in turn.claims
                if claim.technique != "omission"
            ]
            assert len({claim.stated for claim in claims if claim.subject == "priority"}) <= 1
            for subject in ("alternative", "deadline"):
                assert len({claim.true for claim in claims if claim.subject == subject}) <= 1


def test_nothing_is_said_twice_in_a_dialogue(played):
    for dialogue in all_dialogues(played):
        texts = [turn.utterance.text for turn in dialogue.turns]
        assert len(set(texts)) == len(texts)
        arguments = Counter(
            sentence
            for turn in dialogue.turns
            for sentence in turn.utterance.text.split(". ")
            if len(sentence.split()) > 9
        )
        assert not [sentence for sentence, count in arguments.items() if count > 1]


def test_utterances_are_of_every_length_and_clean(played):
    sizes = []
    for turn in turns_of(all_dialogues(played)):
        text = turn.utterance.text
        sizes.append(len(text.split()))
        assert sizes[-1] <= 85, text
        assert not re.search(r"[{}<>|\[\]]|  |\.\.| [.,?]|\bthe the\b", text), text
        assert re.fullmatch(r"[^a-z].*[.?!”…]", text), text
    assert sum(size < 20 for size in sizes) > 0.2 * len(sizes)
    assert min(sizes) <= 4


@pytest.mark.parametrize("kind", ["sense", "variety"])
def test_what_is_said_agrees_with_what_is_done(played, benchmark_module, kind):
    """The text is read as `benchmarks/spoken_sense.py` reads a whole corpus."""
    checker = benchmark_module("spoken_sense")
    readers = {scenario: checker.ValueReader(load_scenario(scenario)) for scenario in (*SCENARIOS, *OTHERS)}
    dialogues = [
        SimpleNamespace(id=f"{scenario}-{number}", scenario=scenario, turns=dialogue.turns)
        for (scenario, _), several in played.items()
        for number, dialogue in enumerate(several)
    ]
    if kind == "sense":
        assert not [
            f for dialogue in dialogues for f in checker.findings(dialogue, readers[dialogue.scenario])
        ]
    else:
        measured, _ = checker.variety(dialogues, readers)
        assert measured.in_dialogues < 0.12
        assert measured.common < 0.35


def test_most_tactics_are_used(played):
    used = {turn.tactic for turn in turns_of(all_dialogues(played))}
    assert len(used) >= 30
    for scenario in SCENARIOS:
        honest = {turn.tactic for turn in turns_of(played[scenario, ()])}
        assert len(honest) >= 20


def test_offers_and_words_agree(played):
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            offer = turn.utterance.offer
            if turn.utterance.action == "accept" and dialogue.table.deal is not None:
                continue
            if offer is not None:
                labels = [dialogue.scenario.issue_by_id[i].label(v).casefold() for i, v in offer.items()]
                assert any(label in turn.utterance.text.casefold() for label in labels), turn.utterance.text


def test_rollouts_are_complete_and_different(played):
    for turn in turns_of(all_dialogues(played)):
        assert len({rollout.tactic for rollout in turn.rollouts}) == len(turn.rollouts) == 3
        best = max(rollout.score for rollout in turn.rollouts)
        assert turn.rollouts[turn.chosen].score == best
        for rollout in turn.rollouts:
            assert 0 <= rollout.score <= 10
            assert rollout.reason
            assert rollout.expected_reply


def test_reflections_are_two_or_three_sentences_and_not_repeated(played):
    for dialogue in all_dialogues(played):
        thoughts = [turn.reflection for turn in dialogue.turns]
        assert all(8 <= len(thought.split()) <= 80 for thought in thoughts)
        assert len(set(thoughts)) == len(thoughts)


def test_where_there_is_one_issue_nothing_is_traded_and_nobody_asks_what_matters_most(played):
    for turn in turns_of([*played["cello", ()], *played["cello", (1,)]]):
        assert not re.search(
            r"\b(?:in return for|the rest of|what comes first|matters? most|need most|care most)\b"
            r"|\d for the price",
            turn.utterance.text,
        ), turn.utterance.text


def test_with_two_good_alternatives_honest_talks_often_end_without_a_deal(play):
    ends = [play(load_scenario("hedgerow"), index, planner="direct").end for index in range(6)]
    assert ends.count("concluded") < 3


@pytest.mark.parametrize("scenario", ["cello", "heron-mill", "viatex", "winter-ferry"])
def test_equal_seeds_give_equal_dialogues(play, scenario):
    first, second = (play(load_scenario(scenario), 3, (1,)) for _ in range(2))
    assert first.turns == second.turns


def test_a_dialogue_continues_from_its_record_alone(played, run, sides_of):
    """Every stage's answer depends on the view only: fresh sides and agents give the same words."""
    for dialogue in played["viatex", (1,)][:4]:
        sides = sides_of(dialogue.scenario, played["viatex", (1,)].index(dialogue), (1,), 30)
        for turn in dialogue.turns[::5]:
            past = dialogue.turns[: turn.index]
            table = table_after(dialogue.scenario, [(t.role, t.utterance) for t in past])
            view = view_of(sides[turn.role], past, table)
            assert run(SimAgent().reflect(view)) == turn.reflection
            view = replace(view, rollouts=turn.rollouts, chosen=turn.chosen)
            speech = run(SimAgent().speak(view))
            assert speech.claims == turn.claims
            assert speech.utterance.text == (turn.draft or turn.utterance.text)


def test_matched_pairs_open_alike(played):
    """A role that is honest in both conditions opens a matched pair with the same words."""
    compared = 0
    for scenario in SCENARIOS:
        for honest, deceptive in zip(played[scenario, ()], played[scenario, (1,)], strict=True):
            if honest.turns[0].role == 0:
                assert honest.turns[0] == deceptive.turns[0]
                compared += 1
    assert compared
