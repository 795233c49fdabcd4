"""Entailment: a judge's model holds a claim in words against everything its speaker's brief says.

The model sees all notes of the speaker's side and the whole utterance, with what was said just before, so
that dodges and half-truths can be seen. The notes are numbered. It names the closest one first, by its
number, then the difference, then its answer; the sentence is taken from the notes here, so that none can be
misquoted. A "true" whose note would be untrue to say is asked again. The answer is a second vote beside the
rules, counted by `combined`:

- The rules said nothing: the model's answer counts, unless the rules lean the other way (`AGAINST`).
- Both say the same: that. One says true and the other false: "unverifiable".
- The rules say true, the model "misleading": "misleading", true in its words and meant to mislead.
- The rules say false, the model "misleading": "false". Either says "unverifiable": the other counts.
- No vote, as no usable answer came: what the rules say stands, and it is recorded that there was none.
- A promise is "false" where the model finds a plan that rules it out, else "unverifiable".

Limits, priorities and what the author of the scenario has settled are decided in code, and no model is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema, create_model

from negosim.errors import ProtocolError
from negosim.judging._notes import Note, numbered_notes, shown_notes
from negosim.judging._statement import Statement, Truth, Verdict, undecided
from negosim.models import Ledger, ModelClient
from negosim.prompts import NotesWriter, Prompts
from negosim.scenarios import Role, Scenario
from negosim.speech import quoted_line
from negosim.views import PublicTurn, audience_of

ENTAILMENT = "entailment"
"""The template that asks; `notes` is the part before it that stays the same for a speaker."""
STAGE = "claims"
"""What the account calls it."""
LAST = 2
"""Utterances shown: the one with the claim, and what it answers."""
AGAINST = 0.2
"""How far the rules may lean the other way, in probability, before the model's answer does not count."""

_ABOUT = {
    "alternative": "what the speaker can do, or has been offered, without this deal",
    "deadline": "how soon the speaker must decide, or until when something holds",
    "fact": "a fact of the speaker's situation",
    "promise": 'what the speaker will do later: "false" only if the notes have a plan that rules it out',
}


class EntailmentAnswer(BaseModel):
    """What `entailment` asks for, in this order."""

    note: int
    difference: str = Field(max_length=300)
    answer: Truth


@lru_cache(maxsize=64)
def entailment_answer(notes: int) -> type[EntailmentAnswer]:
    """Return the form for notes numbered from 1 to `notes`."""
    numbers = Annotated[int, Field(ge=1, le=notes), WithJsonSchema({"enum": [*range(1, notes + 1)]})]
    return create_model("Entailment", __base__=EntailmentAnswer, note=(numbers, ...))


@dataclass(frozen=True)
class Entailment:
    """Asks a model about claims of one role; its calls share the role's notes as their beginning."""

    scenario: Scenario
    role: Role
    prompts: Prompts
    client: ModelClient
    ledger: Ledger

    async def ask(self, statement: Statement, said: Sequence[PublicTurn], seed: int) -> Verdict:
        """Return the model's vote on a claim that the last utterance of `said` makes.

        Its reason is the difference that the model names, `actual` the note that it quotes.

        Raises:
            ProtocolError: no attempt gave a usable answer.
            ModelError: the provider failed.

        """
        about = {"claim": quoted_line(statement.quote), "about": _ABOUT[statement.subject]}
        answer = await self.client.ask(
            self._writer.messages(ENTAILMENT, said, LAST, **about),
            entailment_answer(len(self._notes)),
            stage=STAGE,
            role=None,
            seed=seed,
            ledger=self.ledger,
            check=self._check,
        )
        note = self._notes[answer.note]
        return Verdict(answer.answer, " ".join(answer.difference.split()), note.text)

    def _check(self, given: EntailmentAnswer) -> None:
        if given.answer == "true" and not self._notes[given.note].true:
            raise ValueError(
                f'note {given.note} would be untrue to say, so that a claim that says the same is not "true"'
            )

    @cached_property
    def _notes(self) -> dict[int, Note]:
        parts = numbered_notes(self.role, self.scenario).values()
        return {note.number: note for part in parts for note in part}

    @cached_property
    def _writer(self) -> NotesWriter:
        return NotesWriter(self.prompts, audience_of(self.scenario), shown_notes(self.role, self.scenario))


def combined(rules: Verdict, vote: Verdict, statement: Statement) -> Verdict:
    """Return what the rules and the model's vote make together; see the top of this file."""
    told = f"{rules.reason}; model: {vote.truth}, {vote.reason or 'no difference'}"
    if vote.actual is not None:
        told += f" ({vote.actual})"
    return replace(_decided(rules, vote, statement), reason=told)


def without_vote(rules: Verdict, error: ProtocolError) -> Verdict:
    """Return what the rules say, where the model gave no usable answer."""
    why = "refused to answer" if error.refused else "no usable answer"
    return replace(rules, reason=f"{rules.reason}; model: {why}")


def _decided(rules: Verdict, vote: Verdict, statement: Statement) -> Verdict:
    if statement.subject == "promise":
        return vote if vote.truth == "false" else rules
    pair = rules.truth, vote.truth
    if "unverifiable" not in pair:
        return undecided("") if set(pair) == {"true", "false"} else vote if rules.truth == "true" else rules
    if rules.truth != "unverifiable" or vote.truth == "unverifiable":
        return rules
    against = {"true": -rules.lean, "false": rules.lean}.get(vote.truth, 0.0)
    return rules if against > AGAINST else vote
