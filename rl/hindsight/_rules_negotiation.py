"""The rule-based controller of negotiations, and what they were worth: from the moves and the own payoff.

The learner's own payoff belongs to its brief; the other side's is not used.
"""

from collections.abc import Iterator, Sequence

from negosim.errors import UserError
from negosim.rl._card import Card
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._negotiation import Negotiation, negotiation_of
from negosim.rl.hindsight._protocol import PLACES, DiscardedError, Step, Suggestion
from negosim.rl.hindsight._reward import UNFINISHED
from negosim.rl.hindsight._rules import CHANCE
from negosim.rl.policy_text import mark
from negosim.scenarios import Value

Offer = dict[str, Value]

_ACCEPT = (
    "That works for us, we have a deal on those terms.",
    "We can live with what you put forward, so yes.",
    "Good, let us settle on your proposal.",
)
_COUNTER = (
    "We are close. This is what I would sign today: {terms}.",
    "Let me put something on the table that we can stand behind: {terms}.",
    "I would like to see a little more for our side: {terms}.",
)
_LEAVE = ("That is less than we have without a deal, so I have to leave it here.",)


class NegotiationController:
    """Blames what cost the learner: offers let pass, terms given away, bad deals taken."""

    name = "embedded"

    async def review(self, dialogue: Trajectory, step: Step) -> Sequence[Suggestion]:
        """Return up to three places; fewer, or none, where there is nothing to blame."""
        rng = step.stream("review")
        played = negotiation_of(dialogue.meta, dialogue.system, dialogue.turns)
        found = []
        for turn in played.records:
            if turn.role == played.learner and (fault := next(_faults(played, turn.index), None)):
                found.append((fault[0] + CHANCE * rng.random(), turn.index, fault[1], fault[2]))
        found.sort(key=lambda one: (-one[0], one[1]))
        suggestions = []
        for _, index, why, offer in found[:PLACES]:
            if offer is None:
                better = mark(rng.choice(_LEAVE), "walk_away")
            elif offer == played.tables[index].acceptable_by(played.learner):
                better = mark(rng.choice(_ACCEPT), "accept")
            else:
                terms = played.scenario.describe(offer)
                better = mark(rng.choice(_COUNTER).format(terms=terms), "offer", offer)
            suggestions.append(Suggestion(said=dialogue.turns[index].text, why=why, better=better))
        return suggestions


def _faults(played: Negotiation, index: int) -> Iterator[tuple[float, str, Offer | None]]:
    """Yield what is wrong with a turn, the gravest first: weight, reason, and what to offer or accept."""
    learner, table = played.learner, played.tables[index]
    said = played.records[index].utterance
    reservation = played.scenario.roles[learner].payoff.reservation
    final = played.outcome.values
    came = final[learner] if final is not None else reservation
    there = table.acceptable_by(learner)
    worth, own = played.value(there), played.value(said.offer)
    if said.action == "accept" and worth is not None and worth < reservation:
        yield 5.0, "it took less than no deal is worth", None
    if said.action != "accept" and there is not None and worth is not None and worth > max(came, reservation):
        yield 4.0, "more was on the table than came of it", there
    if own is not None and there is not None and worth is not None and worth >= own:
        yield 4.0, "it offered itself less than the other side had offered", there
    accepted = index + 1 < len(played.records) and played.records[index + 1].utterance.action == "accept"
    if own is not None and accepted and (more := _step_up(played, said.offer or {})):
        yield 3.0, "the offer was taken at once, so there was more to be had", more
    if (
        said.action == "accept"
        and there is not None
        and worth is not None
        and (more := _step_up(played, there))
    ):
        yield 2.0, "the first offer that would do was taken without asking for more", more
    if own is not None and own < came and (more := _step_up(played, said.offer or {})):
        yield 1.0, "it asked for less than it got in the end", more
    if own is not None and (more := _step_up(played, said.offer or {})):
        yield 0.5, "a firmer offer might have held", more


def _step_up(played: Negotiation, offer: Offer) -> Offer | None:
    """Return an offer that is better for the learner by one step on one issue: the step that gains most."""
    base = played.value(offer)
    if base is None:
        return None
    better: list[tuple[float, str, Value]] = []
    for issue in played.scenario.issues:
        place = issue.values.index(offer[issue.id])
        for value in issue.values[max(0, place - 1) : place + 2]:
            worth = played.value({**offer, issue.id: value})
            if worth is not None and worth > base:
                better.append((worth, issue.id, value))
    if not better:
        return None
    _, name, value = max(better, key=lambda one: (one[0], one[1]))
    return {**offer, name: value}


class PayoffReading:
    """Computes the reward from the moves that the text shows: own or joint value, or agreement."""

    name = "embedded"

    def __init__(self, card: Card) -> None:
        """Take the data card, which says what the reward is.

        Raises:
            UserError: it is something that the moves do not tell.

        """
        self._reward = str(card.origin.settings.get("reward"))
        if self._reward not in ("own", "joint", "agreement"):
            raise UserError(
                f"the reward of these negotiations ({self._reward}) does not follow from their moves; "
                "name a chat model with --reward-model MODEL"
            )

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return the reward.

        Raises:
            DiscardedError: a move is against the rules, or none was made.

        """
        played = negotiation_of(dialogue.meta, dialogue.system, dialogue.turns)
        outcome = played.outcome
        if outcome.values is None or outcome.joint_value is None:
            raise DiscardedError(UNFINISHED)
        if self._reward == "own":
            return outcome.values[played.learner]
        return outcome.joint_value if self._reward == "joint" else float(outcome.status == "agreement")
