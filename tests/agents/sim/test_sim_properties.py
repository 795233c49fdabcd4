"""What must hold in every dialogue of the simulated negotiator, over every built-in scenario."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from negosim.agents.sim import SimAgent
from negosim.records import Turn
from negosim.scenarios import list_scenarios, load_scenario
from negosim.table import table_after
from negosim.views import view_of

SCENARIOS = sorted(name for name in list_scenarios() if load_scenario(name).has_deals)
SAMPLE = 10
"""Dialogues a scenario and condition; docs/simulated-negotiator.md has the rates over 200."""


@pytest.fixture(scope="module")
def played(play) -> dict[tuple[str, tuple[int, ...]], list[Any]]:
    return {
        (scenario, deceptive): [play(load_scenario(scenario), index, deceptive) for index in range(SAMPLE)]
        for scenario in SCENARIOS
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
            space = dialogue.scenario.space
            assert space.rational[space.number(dialogue.table.deal)]


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
                assert all(claim.true and claim.technique is None for claim in turn.claims)
                assert not side.tactics.by_id[turn.tactic].deceptive


def test_deceptive_roles_lie_in_every_dialogue_and_say_true_things_too(played):
    true = 0
    for (_, deceptive), dialogues in played.items():
        for dialogue in dialogues if deceptive else ():
            claims = [claim for turn in dialogue.turns if turn.role == 1 for claim in turn.claims]
            lies = [claim for claim in claims if not claim.true]
            assert lies
            techniques = dialogue.sides[1].techniques
            assert all(claim.technique in techniques.by_id for claim in lies)
            true += len(claims) - len(lies)
    assert true > SAMPLE


def test_quotes_occur_in_what_was_said(played):
    claims = 0
    for turn in turns_of(all_dialogues(played)):
        for claim in turn.claims:
            assert claim.quote in turn.utterance.text
            claims += 1
    assert claims > 1000


def test_a_limit_falsely_stated_is_stricter_than_the_real_one(played):
    for dialogue in all_dialogues(played):
        for turn in dialogue.turns:
            for claim in turn.claims:
                if claim.subject == "reservation":
                    issue = dialogue.scenario.issue_by_id[claim.issue]
                    points = dialogue.scenario.roles[turn.role].payoff.points
                    assert points(issue, claim.stated) > points(issue, claim.actual)
                    assert issue.label(claim.stated) in claim.quote


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
    assert bluffs > SAMPLE


def test_a_role_never_changes_its_story(played):
    for dialogue in all_dialogues(played):
        for role in (0, 1):
            claims = [claim for turn in dialogue.turns if turn.role == role for claim in turn.claims]
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


def test_utterances_have_20_to_70_words_and_clean_text(played):
    for turn in turns_of(all_dialogues(played)):
        text = turn.utterance.text
        assert 20 <= len(text.split()) <= 70, text
        assert not re.search(r"[{}<>]|  |\.\.| [.,?]|\bthe the\b", text), text
        assert re.fullmatch(r"[^a-z].*[.?!”]", text), text


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
                labels = [dialogue.scenario.issue_by_id[i].label(v) for i, v in offer.items()]
                assert any(label in turn.utterance.text for label in labels), turn.utterance.text


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


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_equal_seeds_give_equal_dialogues(play, scenario):
    first, second = (play(load_scenario(scenario), 3, (1,)) for _ in range(2))
    assert first.turns == second.turns


def test_a_dialogue_continues_from_its_record_alone(played, run, sides_of):
    """Every stage's answer depends on the view only: fresh sides and agents give the same words."""
    for dialogue in played["viatex", (1,)][:4]:
        sides = sides_of(dialogue.scenario, played["viatex", (1,)].index(dialogue), (1,), 30)
        for turn in dialogue.turns[::5]:
            past = dialogue.turns[: turn.index]
            table = table_after(dialogue.scenario.issues, 2, [(t.role, t.utterance) for t in past])
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
