"""Record of one turn: the utterance, its offer, and the thinking before it."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from negosim._frozen import Frozen, empty, unset
from negosim.scenarios import Value

Action = Literal["talk", "offer", "accept", "walk_away"]
"""What an utterance does: only talk, put an offer on the table, accept the one on the table, leave."""

Subject = Literal["reservation", "priority", "alternative", "deadline", "fact", "promise"]
"""What a claim is about."""


Leaving = Literal["below", "belief", "spite"]
"""Why a role ends the talk without a deal. "below": all it was offered was worth less to it than no deal;
"belief": it believes, whatever the numbers say, that it can do better; "spite": it would rather lose than
deal with somebody it has caught lying."""


Mark = Literal["cut", "leak", "words_disagree", "dropped", "tied"]
"""What is wrong with a model's turn. Of what was asked for again and stayed so: "cut" (an answer ended at its
length bound and was trimmed to its last whole sentence), "leak" (points, ids, stage directions or a private
thought were said aloud), "words_disagree" (the words contradict the move). Of the choice among candidates:
"dropped" (something else was said than the one judged best), "tied" (the judge gave all the same score)."""

MARKS: tuple[Mark, ...] = get_args(Mark)

MARKED: dict[Mark, str] = {
    "cut": "an answer ended at its length bound and was trimmed",
    "leak": "says aloud what is private (points, ids, stage directions, a thought)",
    "words_disagree": "the words contradict the move",
    "dropped": "says something else than the candidate judged best",
    "tied": "the judge gave all candidates the same score",
}
"""What each mark says to people."""


def tactics_of(tactic: str | None) -> tuple[str, ...]:
    """Return the single tactics of a turn; people may see several in one."""
    return tuple(tactic.split("+")) if tactic else ()


class Utterance(Frozen):
    """What is said in public: the text and the move it carries."""

    text: Annotated[str, Field(min_length=1)]
    action: Action = "talk"
    offer: dict[str, Value] | None = None
    """With `action` "offer": a value per issue; issues may be left out (a partial offer)."""
    wordless: Annotated[bool, Field(exclude_if=empty)] = False
    """Whether nothing was said, as where people press a button: the text only names the move."""


class Aside(Frozen):
    """A side message: what a turn says to some of the others alone, beside its public words."""

    to: Annotated[tuple[int, ...], Field(min_length=1)]
    """Positions of the roles that hear it; nobody else does but the speaker."""
    text: Annotated[str, Field(min_length=1)]


class Claim(Frozen):
    """One statement about the speaker's own situation, with whether it is true."""

    subject: Subject
    quote: str
    """The words, as they occur in the utterance."""
    stated: Value | None = None
    """What it says: an issue id for a priority, points or a value for a reservation value."""
    actual: Value | None = None
    """What holds."""
    true: bool
    issue: str | None = None
    technique: str | None = None
    """The deception technique used, for a false claim; "omission" and "paltering" also where all is true."""
    left_out: str | None = None
    """What was held back, where something true misleads or a question was turned aside."""


class Rollout(Frozen):
    """One candidate: a tactic, an utterance that uses it, and the reply the speaker expects."""

    tactic: str
    utterance: str
    expected_reply: str
    score: Annotated[float, Field(ge=0, le=10)] | None = None
    """The rollout judge's score on the run's objective, 0 (worst) to 10 (best)."""
    reason: str | None = None
    """Why the judge gave the score."""


class Turn(Frozen):
    """One public utterance and everything that happened before it."""

    index: int
    """0 for the first utterance of the dialogue."""
    role: int
    """Position of the speaker in the scenario's roles."""
    reflection: str | None = None
    rollouts: tuple[Rollout, ...] = ()
    chosen: int | None = None
    """Position in `rollouts` of the winner."""
    tactic: str | None = None
    """What the speaker chose, or people say the utterance does; several are joined with "+"."""
    realised: bool | None = None
    """Whether the words express the tactic; None where that is not known, as of a model."""
    leaves_for: Leaving | None = None
    """Why the speaker ends the talk without a deal; None where it does not, or does not say."""
    draft: str | None = None
    """The text before consolidation, where that changed it."""
    utterance: Utterance
    marks: Annotated[tuple[Mark, ...], Field(exclude_if=empty)] = ()
    """What stayed wrong with it although it was asked for again; of models alone."""
    asides: Annotated[tuple[Aside, ...], Field(exclude_if=empty)] = ()
    """What was said to some of the others alone."""
    floor: Annotated[int | None, Field(exclude_if=unset)] = None
    """Position of the role that the chair gives the floor to."""
    claims: tuple[Claim, ...] = ()
    """Claims with known truth; only agents that know it (the simulated negotiator) give them."""

    @property
    def said_claims(self) -> tuple[Claim, ...]:
        """The claims made in words: all but the record of what was kept silent about."""
        return tuple(claim for claim in self.claims if claim.technique != "omission")


class Vote(Frozen):
    """The answers, after a round, to whether each role has concluded the conversation."""

    after_turn: int
    concluded: tuple[bool, ...]
