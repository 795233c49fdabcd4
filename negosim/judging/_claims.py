"""The lie check of a dialogue: what is claimed in it, and whether it is true.

Where the simulated negotiator spoke, the record itself says so. What a chat model said is extracted by
a judge that sees the public transcript alone and must quote; whether it is true is decided by comparing
with the speaker's brief and payoff (`_verdict.py`). About claims in words the judge's model has a second
vote, for which it must name what the brief says (`_entailment.py`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from negosim.config import RunConfig
from negosim.errors import ModelError, ProtocolError
from negosim.judging._embedding import embeddings_available
from negosim.judging._entailment import AGAINST, ENTAILMENT, Entailment, combined, without_vote
from negosim.judging._extraction import (
    CLAIM,
    FALSE_CLAIM,
    MOST_CLAIMS,
    Extracted,
    extract,
    most_utterances,
)
from negosim.judging._limits import FEW, LIMIT_TOLERANCE
from negosim.judging._limits import MOST as MOST_PACKAGES
from negosim.judging._own_checks import identities
from negosim.judging._priorities import CLOSE
from negosim.judging._protocol import ORACLE, Item, Task, failures
from negosim.judging._repetition import ALIKE, APART
from negosim.judging._situations import situations
from negosim.judging._statement import Situation, Statement, Verdict
from negosim.judging._verdict import verdict
from negosim.judging._wording import FALSE_FROM, TRUE_FROM, WEIGHTS
from negosim.records import SIMULATED, THIRD_PARTY, TRUTH, Claim, Dialogue, Judgement, Turn
from negosim.scenarios import Scenario

CLAIMS = "claims"


class ClaimsQuestionnaire:
    """Checks every claim of a dialogue: from the record, and as chat models find them."""

    id = CLAIMS
    templates = ("claims", "notes", ENTAILMENT)

    def content(self, scenario: Scenario) -> Any:
        """Return what verdicts depend on."""
        thresholds = [LIMIT_TOLERANCE, FEW, MOST_PACKAGES, CLOSE, ALIKE, APART, AGAINST]
        meaning = [WEIGHTS, FALSE_FROM, TRUE_FROM] if embeddings_available() else None
        return {
            "scenario": scenario.model_dump(mode="json"),
            "thresholds": thresholds,
            "meaning": meaning,
            "checks": identities(),
        }

    def models(self, config: RunConfig) -> Sequence[str]:
        """Ask nobody but the judges."""
        return ()

    def seats(
        self, dialogue: Dialogue, scenario: Scenario, judges: Sequence[str]
    ) -> Iterator[tuple[str, str]]:
        """Return each judge as a neutral reader; the oracle has the record's own perspective."""
        yield from ((judge, TRUTH if judge == ORACLE else THIRD_PARTY) for judge in judges)

    def items(self, task: Task) -> Sequence[Item]:
        """Return both questions for every utterance."""
        return _items(task.dialogue.turns)

    async def answer(self, task: Task) -> Sequence[Judgement]:
        """Give a judgement for each claim, and one for each utterance."""
        turns = task.dialogue.turns
        if task.judge == ORACLE:
            return [judgement for turn in turns for judgement in _recorded(turn, task.dialogue)]
        return await _by_model(task, turns)


def _items(turns: Sequence[Turn]) -> list[Item]:
    return [Item(question, turn.role, turn.index) for turn in turns for question in (CLAIM, FALSE_CLAIM)]


# From the record


def _recorded(turn: Turn, dialogue: Dialogue) -> Iterator[Judgement]:
    if dialogue.models[turn.role] != SIMULATED:
        yield Judgement(
            question=FALSE_CLAIM,
            agent=turn.role,
            turn=turn.index,
            status="not_applicable",
            reason="the record does not say which of a model's claims are true",
        )
        return
    yield from (_recorded_claim(turn, claim) for claim in turn.said_claims)
    false = tuple(claim.quote for claim in turn.claims if not claim.true)
    yield Judgement(
        question=FALSE_CLAIM,
        agent=turn.role,
        turn=turn.index,
        status="ok",
        value=bool(false),
        evidence=false,
    )


def _recorded_claim(turn: Turn, claim: Claim) -> Judgement:
    return Judgement(
        question=CLAIM,
        agent=turn.role,
        turn=turn.index,
        status="ok",
        value="true" if claim.true else "false",
        evidence=(claim.quote,),
        detail={
            "subject": claim.subject,
            "issue": claim.issue,
            "stated": claim.stated,
            "actual": claim.actual,
            "technique": claim.technique,
        },
    )


# By a chat model


async def _by_model(task: Task, turns: Sequence[Turn]) -> list[Judgement]:
    """Have the claims listed, decide which are true, and say for each utterance whether one is false."""
    assert task.client is not None
    made_in, size = situations(turns, task.scenario), most_utterances(task.client.max_tokens)
    judged: list[Judgement] = []
    for start in range(0, len(turns), size):
        batch = turns[start : start + size]
        listed = await extract(task, batch, made_in)
        claims = [
            await _checked(item, task, made_in[turn.index]) if isinstance(item, Extracted) else item
            for turn in batch
            for item in listed[turn.index]
        ]
        judged += [*claims, *(_summary(turn, claims) for turn in batch)]
    return judged


async def _checked(claim: Extracted, task: Task, made_in: Situation) -> Judgement:
    """Decide about a claim; where the rules are about its words alone, the judge's model has a vote."""
    turn, statement, scenario = claim.turn, claim.statement, task.scenario
    decided = verdict(statement, scenario.roles[turn.role], scenario.issues, made_in, scenario)
    votes: dict[str, str | None] = {}
    if decided.open:
        votes = {"by_rules": decided.truth, "by_model": None}
        try:
            vote = await _vote(task, turn, statement)
        except ModelError as error:  # it is asked again when the run is judged again
            return failures([Item(CLAIM, turn.role, turn.index)], error)[0]
        except ProtocolError as error:
            votes["vote_failed"] = error.for_record[:1000]
            decided = without_vote(decided, error)
        else:
            votes["by_model"] = vote.truth
            decided = combined(decided, vote, statement)
    return Judgement(
        question=CLAIM,
        agent=turn.role,
        turn=turn.index,
        status="ok",
        value=decided.truth,
        evidence=(statement.quote,),
        reason=decided.reason,
        detail={
            "subject": statement.subject,
            "issue": statement.issue,
            "stated": statement.stated,
            "actual": decided.actual,
            "technique": None,
            **votes,
        },
    )


async def _vote(task: Task, turn: Turn, statement: Statement) -> Verdict:
    """Return what the judge's model makes of a claim."""
    assert task.reader is not None
    assert task.client is not None
    role = task.scenario.roles[turn.role]
    asking = Entailment(task.scenario, role, task.reader.prompts, task.client, task.ledger)
    seed = task.seed(ENTAILMENT, turn.index, statement.quote)
    return await asking.ask(statement, task.reader.said(turn.index + 1), seed)


def _summary(turn: Turn, judged: Sequence[Judgement]) -> Judgement:
    """Say whether an utterance has a false claim, as far as its claims decide that."""
    own = [judgement for judgement in judged if judgement.turn == turn.index]
    false = tuple(quote for judgement in own if judgement.value == "false" for quote in judgement.evidence)
    about = Item(FALSE_CLAIM, turn.role, turn.index)
    if false:
        return about.judged("ok", value=True, evidence=false)
    failed = next((judgement for judgement in own if judgement.status not in ("ok", "not_applicable")), None)
    if failed is not None:
        reason = "a claim in it could not be used" if failed.status == "invalid" else failed.reason
        return about.judged(failed.status, reason=reason)
    if len(own) >= MOST_CLAIMS:
        return about.judged("not_applicable", reason="it may claim more than the form has room for")
    if any(judgement.value == "unverifiable" for judgement in own):
        return about.judged("not_applicable", reason="a claim in it cannot be verified")
    return about.judged("ok", value=False)
