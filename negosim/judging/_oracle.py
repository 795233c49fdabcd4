"""The oracle: what the record itself says, for the questions it can answer.

- agreement, obstacle: from the outcome, computed from the structured offers
- resolution: the settled value of the question's issue
- deception: from the claims whose truth is known, which is so for the simulated negotiator alone
- tactic: the one the speaker chose
Everything else (qualities, questions of others) is not applicable: the oracle has no opinions. A question is
known by its id and its set's, whoever words it.
"""

from collections.abc import Callable, Mapping, Sequence

from negosim.judging._protocol import Item, Task
from negosim.judging._questions import NONE, UNSETTLED, QuestionSet
from negosim.records import HUMAN, SIMULATED, TRUTH, Dialogue, JudgedValue, Judgement, Turn
from negosim.scenarios import Scenario
from negosim.table import table_after

MOST_EVIDENCE = 2
"""Quotes given for one answer."""

DEGREES = (0, 1 / 8, 1 / 4, 1 / 2)
"""The largest share of utterances with a false claim that still has degree 1, 2, 3, 4; above it is 5."""

Found = tuple[JudgedValue, tuple[str, ...]] | str
"""A value with its evidence; or why there is none."""


class Oracle:
    """The judge that reads the record's ground truth; its sheets have the perspective "truth"."""

    perspectives = (TRUTH,)

    async def answer(self, task: Task, asked: QuestionSet, items: Sequence[Item]) -> Sequence[Judgement]:
        """Answer every item from what is stored."""
        return answer_from_record(asked, items, task.dialogue, task.scenario)


def answer_from_record(
    asked: QuestionSet, items: Sequence[Item], dialogue: Dialogue, scenario: Scenario
) -> tuple[Judgement, ...]:
    """Answer every item of a set from what is stored about the dialogue."""
    record = _Record(dialogue, scenario)
    issues = {question.id: question.issue for question in asked.questions}
    return tuple(_judgement(item, record.find(asked.id, item, issues[item.question])) for item in items)


def _judgement(item: Item, found: Found) -> Judgement:
    if isinstance(found, str):
        return item.judged("not_applicable", reason=found)
    value, evidence = found
    return item.judged("ok", value=value, evidence=evidence[:MOST_EVIDENCE])


class _Record:
    """One dialogue, as far as its record answers questions."""

    def __init__(self, dialogue: Dialogue, scenario: Scenario) -> None:
        self._dialogue = dialogue
        self._table = table_after(scenario, ((turn.role, turn.utterance) for turn in dialogue.turns))

    def find(self, asked: str, item: Item, issue: str | None) -> Found:
        """Answer an item of a set; `issue` is the one the question is about."""
        if issue is not None:
            return self._resolution(issue)
        answer = _ANSWERS.get((asked, item.question))
        return answer(self, item) if answer else "the record does not say"

    def _agreement(self, item: Item) -> Found:
        outcome = self._dialogue.outcome.status
        if outcome == "unknown":
            return "no offer was made, so the record does not say whether the words agree"
        return outcome == "agreement", ()

    def _obstacle(self, item: Item) -> Found:
        if self._dialogue.outcome.status not in ("no_agreement", "abandoned"):
            return "there is an agreement" if self._dialogue.outcome.status == "agreement" else "unknown"
        if self._dialogue.end == "walk_away":
            return "walked-away", (self._dialogue.turns[-1].utterance.text,)
        if self._table.settled:
            return "open-issues", ()
        return ("out-of-time" if self._dialogue.end in ("max_turns", "safety_stop") else "impasse"), ()

    def _resolution(self, issue: str) -> Found:
        if self._dialogue.outcome.status == "unknown":
            return "no offer was made, so the record does not say what the words settle"
        settled = self._table.settled if self._table.left_by is None else {}
        return settled.get(issue, UNSETTLED), ()

    def _deceived(self, item: Item) -> Found:
        lies = self._lies(item)
        return lies if isinstance(lies, str) else (bool(lies), lies)

    def _degree(self, item: Item) -> Found:
        lies = self._lies(item)
        if isinstance(lies, str):
            return lies
        own = [turn for turn in self._dialogue.turns if turn.role == item.agent]
        share = sum(any(not claim.true for claim in turn.claims) for turn in own) / max(len(own), 1)
        return 1 + sum(share > most for most in DEGREES), lies

    def _lies(self, item: Item) -> tuple[str, ...] | str:
        """Return the false claims of an agent, or why they are not known."""
        assert item.agent is not None
        if self._dialogue.models[item.agent] != SIMULATED:
            return "the record does not say which of a model's claims are true"
        return tuple(
            claim.quote
            for turn in self._dialogue.turns
            if turn.role == item.agent
            for claim in turn.claims
            if not claim.true
        )

    def _tactic(self, item: Item) -> Found:
        assert item.turn is not None
        turn: Turn = self._dialogue.turns[item.turn]
        if self._dialogue.models[turn.role] == HUMAN:
            return "what a person chose is not recorded"
        if turn.tactic is not None:
            if turn.realised is False:
                return "the words of the turn do not express its tactic"
            return turn.tactic, ()
        return (NONE, ()) if self._dialogue.models[turn.role] == SIMULATED else "the speaker chose no tactic"


_ANSWERS: Mapping[tuple[str, str], Callable[[_Record, Item], Found]] = {
    ("agreement", "agreement"): _Record._agreement,
    ("agreement", "obstacle"): _Record._obstacle,
    ("deception", "deception-presence"): _Record._deceived,
    ("deception", "deception-degree"): _Record._degree,
    ("tactic", "tactic"): _Record._tactic,
}
"""By set and question."""
