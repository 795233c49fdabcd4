"""The rules of the table: what settles, what reopens, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from negosim.records import Utterance
from negosim.scenarios import AgreementRule, Issue, Option, Range, Value
from negosim.table import Table

PRICE = Issue(id="price", name="Price", phrase="the price", range=Range(min=0, max=9, step=1, prefix="$"))
PLACE = Issue(
    id="place",
    name="Place",
    phrase="the place",
    options=(Option(id="here", label="right here"), Option(id="there", label="over there")),
)
ISSUES = (PRICE, PLACE)


def talk() -> Utterance:
    return Utterance(text="Let me think about that.")


def offer(**values: Value) -> Utterance:
    return Utterance(text="I propose this.", action="offer", offer=values)


def accept() -> Utterance:
    return Utterance(text="Agreed.", action="accept")


def leave() -> Utterance:
    return Utterance(text="I am leaving.", action="walk_away")


def after(*said: tuple[int, Utterance], roles: int = 2) -> Table:
    table = Table(tuple(issue.id for issue in ISSUES), roles)
    for role, utterance in said:
        table = table.after(role, utterance)
    return table


FULL = {"price": 5, "place": "here"}


def test_nothing_is_on_an_empty_table() -> None:
    table = after()
    assert table.deal is None
    assert table.standing is None
    assert table.acceptable_by(0) is None
    assert table.acceptable_by(1) is None


def test_a_complete_offer_accepted_is_a_deal() -> None:
    assert after((0, offer(**FULL))).deal is None
    assert after((0, offer(**FULL)), (1, talk()), (0, talk()), (1, accept())).deal == FULL


def test_one_cannot_accept_ones_own_offer() -> None:
    table = after((0, offer(**FULL)))
    assert table.acceptable_by(0) is None
    assert table.after(0, accept()).deal is None
    with pytest.raises(ValueError, match="no offer of the other side to accept"):
        table.check(0, "accept", None, ISSUES)


def test_an_offer_replaces_the_standing_one() -> None:
    table = after((0, offer(**FULL)), (1, offer(price=3, place="there")))
    assert table.acceptable_by(1) is None
    assert table.acceptable_by(0) == {"price": 3, "place": "there"}
    assert table.offers_made == 2
    assert table.after(0, accept()).deal == {"price": 3, "place": "there"}


def test_partial_agreements_add_up_to_a_deal() -> None:
    table = after((0, offer(price=5)), (1, accept()))
    assert table.settled == {"price": 5}
    assert table.deal is None
    assert table.standing is None
    table = table.after(1, offer(place="there"))
    assert table.acceptable_by(0) == {"price": 5, "place": "there"}
    assert table.after(0, accept()).deal == {"price": 5, "place": "there"}


def test_an_offer_reopens_only_the_issues_it_changes() -> None:
    deal = after((0, offer(**FULL)), (1, accept()))
    assert deal.after(1, offer(price=5)).deal == FULL
    reopened = deal.after(1, offer(price=6))
    assert reopened.deal is None
    assert reopened.settled == {"place": "here"}
    assert reopened.after(0, accept()).deal == {"price": 6, "place": "here"}


def test_the_deal_names_issues_in_the_order_of_the_scenario() -> None:
    table = after((0, offer(place="here")), (1, accept()), (1, offer(price=2)), (0, accept()))
    assert table.deal is not None
    assert list(table.deal) == ["price", "place"]


def test_a_walk_away_ends_without_a_deal() -> None:
    assert after((0, offer(**FULL)), (1, leave())).left_by == 1
    assert after((0, offer(**FULL)), (1, accept()), (0, leave())).deal is None
    assert after((0, leave()), (1, offer(**FULL)), (0, accept())).deal is None


def test_three_roles_need_every_other_role() -> None:
    table = after((0, offer(**FULL)), (1, accept()), roles=3)
    assert table.deal is None
    assert table.acceptable_by(1) is None
    assert table.acceptable_by(2) == FULL
    with pytest.raises(ValueError, match="no offer of the other side to accept"):
        table.check(1, "accept", None, ISSUES)
    assert table.after(1, accept()).deal is None
    assert table.after(2, accept()).deal == FULL


def test_a_counter_offer_makes_earlier_acceptances_void() -> None:
    table = after(
        (0, offer(**FULL)), (1, accept()), (2, offer(price=1, place="here")), (0, accept()), roles=3
    )
    assert table.deal is None
    assert table.after(1, accept()).deal == {"price": 1, "place": "here"}


def test_check_gives_canonical_values_in_the_order_of_the_scenario() -> None:
    given_offer = {"place": " Over There ", "price": "$7"}
    found = after().check(0, "offer", given_offer, ISSUES)
    assert found == {"price": 7, "place": "there"}
    assert list(found) == ["price", "place"]


def test_check_leaves_out_what_is_left_open() -> None:
    assert after().check(0, "offer", {"price": 7, "place": None}, ISSUES) == {"price": 7}


@pytest.mark.parametrize(
    ("given_offer", "reason"),
    [
        (None, "at least one issue"),
        ({}, "at least one issue"),
        ({"price": None}, "at least one issue"),
        ({"colour": "red"}, "there is no issue 'colour'; the issues are price, place"),
        ({"price": 12}, "off the grid"),
        ({"place": "nowhere"}, "choose one of here, there"),
    ],
)
def test_check_refuses_offers_against_the_rules(
    given_offer: dict[str, Value | None] | None, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        after().check(0, "offer", given_offer, ISSUES)


def test_accepting_may_repeat_the_offer_but_not_change_it() -> None:
    table = after((0, offer(price=5)))
    assert table.check(1, "accept", {"price": "$5"}, ISSUES) is None
    with pytest.raises(ValueError, match=r"cannot change the offer \(price\)"):
        table.check(1, "accept", {"price": 6}, ISSUES)
    with pytest.raises(ValueError, match=r"cannot change the offer \(place\)"):
        table.check(1, "accept", {"price": 5, "place": "here"}, ISSUES)


def test_accepting_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no offer of the other side to accept"):
        after((0, talk())).check(1, "accept", None, ISSUES)


offers = st.fixed_dictionaries(
    {}, optional={"price": st.integers(0, 2), "place": st.sampled_from(["here", "there"])}
)
moves = st.one_of(
    offers.map(lambda values: offer(**values) if values else talk()),
    st.just(accept()),
    st.just(talk()),
    st.just(accept()),
)


@pytest.mark.parametrize("roles", [2, 3])
@given(st.data())
def test_legal_moves_keep_the_rules(roles: int, data: st.DataObject) -> None:
    table = after(roles=roles)
    agreed: dict[str, Value] = {}
    for _ in range(data.draw(st.integers(0, 14))):
        role, move = data.draw(st.integers(0, roles - 1)), data.draw(moves)
        try:
            table.check(role, move.action, move.offer, ISSUES)
        except ValueError:
            assert move.action == "accept"
            assert table.standing is None or role in table.accepted_by
            continue
        before, table = table, table.after(role, move)
        if move.action == "offer" and move.offer:
            agreed = {
                issue: value for issue, value in agreed.items() if move.offer.get(issue, value) == value
            }
            assert table.standing == move.offer
            assert table.accepted_by == {role}
        elif move.action == "accept" and len(before.accepted_by) == roles - 1:
            assert before.standing is not None
            agreed |= before.standing
        elif move.action == "talk":
            assert table == before
        assert table.settled == agreed
        assert (table.deal is not None) == (set(agreed) == {"price", "place"})
        assert table.deal is None or table.deal == agreed


def test_a_deal_that_stands_is_not_walked_away_from() -> None:
    table = Table(("price",), 2)
    assert table.moves(0) == ("talk", "offer", "walk_away")
    table = table.after(0, Utterance(text="Ten.", action="offer", offer={"price": 10}))
    assert table.moves(0) == ("talk", "offer", "walk_away")
    assert table.moves(1) == ("talk", "offer", "accept", "walk_away")
    assert table.after(1, Utterance(text="Yes.", action="accept")).moves(0) == ("talk", "offer")


MAJORITY = AgreementRule(3, 2)


def among(rule: AgreementRule, *said: tuple[int, Utterance]) -> Table:
    table = Table(tuple(issue.id for issue in ISSUES), rule.roles, rule=rule)
    for role, utterance in said:
        table.check(role, utterance.action, utterance.offer, ISSUES)
        assert utterance.action in table.moves(role)
        table = table.after(role, utterance)
    return table


OTHER = {"price": 1, "place": "there"}


def test_a_majority_makes_a_deal_that_others_may_join() -> None:
    table = among(MAJORITY, (0, offer(**FULL)), (1, accept()))
    assert (table.deal, table.parties) == (FULL, {0, 1})
    assert "walk_away" in table.moves(2)
    assert "walk_away" not in table.moves(0)
    joined = among(MAJORITY, (0, offer(**FULL)), (1, accept()), (2, accept()))
    assert (joined.deal, joined.parties) == (FULL, {0, 1, 2})


def test_a_deal_of_some_stands_until_others_agree_on_another() -> None:
    said = [(0, offer(**FULL)), (1, accept()), (2, offer(**OTHER))]
    assert among(MAJORITY, *said).deal == FULL
    swayed = among(MAJORITY, *said, (1, accept()))
    assert (swayed.deal, swayed.parties) == (OTHER, {1, 2})
    assert not swayed.in_deal(0)


def test_a_veto_cannot_be_passed_over() -> None:
    veto = AgreementRule(4, 2, frozenset({3}))
    said = [(0, offer(**FULL)), (1, accept()), (2, accept())]
    assert among(veto, *said).deal is None
    assert among(veto, *said, (3, accept())).parties == {0, 1, 2, 3}
    assert all(3 in parties for parties in veto.coalitions)
    assert list(veto.smallest(0)) == [(0, 3)]
    assert among(veto, (0, offer(**FULL)), (3, leave())).left_by == 3


def test_who_leaves_takes_its_word_with_it_and_the_rest_go_on() -> None:
    table = among(MAJORITY, (0, offer(**FULL)), (0, leave()))
    assert (table.left_by, table.gone, table.standing) == (None, {0}, None)
    assert table.after(1, offer(**OTHER)).after(2, accept()).deal == OTHER
    assert table.after(1, leave()).left_by == 1


def test_an_offer_to_some_settles_every_issue() -> None:
    with pytest.raises(ValueError, match="a value for every issue; place is open"):
        among(MAJORITY, (0, offer(price=5)))
