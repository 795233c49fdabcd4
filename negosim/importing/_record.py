"""Records of imported dialogues: the same as those of dialogues that negosim has made."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from negosim.importing._drops import Drops
from negosim.importing._scenario import slug
from negosim.importing._source import ImportedDialogue, Rating, Said
from negosim.outcome import outcome_of
from negosim.records import HUMAN, Dialogue, Fact, Judgement, Outcome, Sheet, Turn, Utterance
from negosim.rewards import rewards_of
from negosim.scenarios import Scenario
from negosim.table import Table, opening_table

_NO_ID = re.compile(r"[^\w.-]+", re.ASCII)

RATINGS = "ratings"
"""Id of the question set that people's ratings answer."""


class Recorder:
    """Makes records, with ids that differ and numbers in order."""

    def __init__(self, drops: Drops) -> None:
        self._drops = drops
        self._ids: Counter[str] = Counter()
        self._indices: Counter[str] = Counter()

    def record(self, found: ImportedDialogue, *, apart: bool) -> Dialogue:
        """Return the record of a dialogue.

        Args:
            found: what an importer found.
            apart: whether its scenario differs from what the run says of all.

        """
        scenario = found.scenario
        turns, table = turns_of(scenario, found.turns, self._drops)
        outcome = self._valued(found, found.outcome or outcome_of(scenario, table))
        worth = rewards_of(scenario, turns, found.measurements, outcome)
        if worth is not None and outcome.rewards is None:
            outcome = outcome.model_copy(update={"rewards": worth})
        index = self._indices[scenario.id]
        self._indices[scenario.id] += 1
        facts: dict[str, Fact] = dict(found.facts)
        if found.split is not None:
            facts["split"] = found.split
        return Dialogue(
            id=self._id(found.id),
            scenario=scenario.id,
            index=index,
            seed=0,
            condition=found.condition,
            opener=turns[0].role,
            models=found.participants or (HUMAN,) * len(scenario.roles),
            status="complete",
            end=found.end,
            turns=turns,
            votes=(),
            outcome=outcome,
            measurements=found.measurements,
            own_scenario=scenario if apart else None,
            facts=facts,
        )

    def _valued(self, found: ImportedDialogue, outcome: Outcome) -> Outcome:
        """Return the outcome with the values that the source gives, should they be others than the deal's."""
        if found.values is None or found.values == outcome.values:
            return outcome
        self._drops.altered["values that are not the deal's kept as the source gives them (dialogues)"] += 1
        return outcome.model_copy(update={"values": found.values, "joint_value": sum(found.values)})

    def _id(self, given: str) -> str:
        id = _NO_ID.sub("-", given).strip("-.")[:120] or "dialogue"
        self._ids[id] += 1
        if self._ids[id] == 1:
            return id
        self._drops.altered["ids that stand twice in the source get a number (dialogues)"] += 1
        return self._id(f"{id}-{self._ids[id]}")

    @property
    def most(self) -> int:
        """The number of dialogues of the scenario that has most."""
        return max(self._indices.values(), default=0)

    @property
    def total(self) -> int:
        """The number of dialogues."""
        return self._indices.total()


def turns_of(scenario: Scenario, given: Sequence[Said], drops: Drops) -> tuple[tuple[Turn, ...], Table]:
    """Return turns and the table after them; a move that is against its rules only talks."""
    table, turns = opening_table(scenario), []
    for index, said in enumerate(given):
        utterance = _utterance(said, table, scenario, drops)
        labels = dict.fromkeys(slug(label) for label in said.labels)
        turns.append(Turn(index=index, role=said.role, tactic="+".join(labels) or None, utterance=utterance))
        table = table.after(said.role, utterance)
    return tuple(turns), table


def _utterance(said: Said, table: Table, scenario: Scenario, drops: Drops) -> Utterance:
    if said.action == "talk":
        return Utterance(text=said.text, wordless=said.wordless)
    try:
        offer = None
        if said.action == "offer" or scenario.has_deals:
            offer = table.check(said.role, said.action, said.offer, scenario.issues)
        elif said.action == "accept" and table.acceptable_by(said.role) is None:
            raise ValueError("there is no offer to accept")
    except ValueError:
        drops.altered[f"moves against the rules of the table kept as words ({said.action})"] += 1
        return Utterance(text=said.text, wordless=said.wordless)
    return Utterance(text=said.text, action=said.action, offer=offer, wordless=said.wordless)


def rating_sheets(id: str, ratings: Sequence[Rating]) -> Iterator[Sheet]:
    """Yield what people say of a dialogue, a sheet for each of them and each perspective."""
    by_judge: dict[tuple[str, str], list[Judgement]] = defaultdict(list)
    for rating in ratings:
        status = "ok" if rating.value is not None else "not_applicable"
        by_judge[rating.judge, rating.perspective].append(
            Judgement(
                question=rating.question,
                agent=rating.agent,
                turn=rating.turn,
                status=status,
                value=rating.value,
            )
        )
    for (judge, perspective), judgements in by_judge.items():
        yield _sheet(id, RATINGS, perspective, judge, judgements)


def label_sheet(dialogue: Dialogue, judge: str, questions: str, labels: Mapping[str, str]) -> Sheet | None:
    """Return, for each labelled utterance and label, whether people saw it there; None where nobody looked.

    Args:
        dialogue: the record, whose turns bear the labels.
        judge: who labelled.
        questions: id of the question set, which has one question a label.
        labels: the labels that could be given, with what they say.

    """
    from negosim.records import tactics_of

    judgements = [
        Judgement(question=label, agent=turn.role, turn=turn.index, status="ok", value=label in given)
        for turn in dialogue.turns
        if (given := tactics_of(turn.tactic))
        for label in labels
    ]
    return _sheet(dialogue.id, questions, "third_party", judge, judgements) if judgements else None


def _sheet(id: str, questions: str, perspective: str, judge: str, judgements: Sequence[Judgement]) -> Sheet:
    return Sheet(
        dialogue=id,
        questions=questions,
        perspective=perspective,
        judge=judge,
        fingerprint="imported",
        judgements=tuple(judgements),
    )
