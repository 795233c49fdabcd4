"""Judgements of a dialogue: one line of `judgements.jsonl`."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from negosim._frozen import Frozen

Status = Literal["ok", "invalid", "refused", "error", "not_applicable"]
"""Whether there is an answer. "invalid": none that could be used (malformed, off the scale, quoting what
was not said); "refused": the judge declined; "error": the provider failed; "not_applicable": the question
has no answer here, or not from this judge."""

JudgedValue = bool | int | float | str
"""An answer: yes or no, a grade, a number, or the id of a choice."""

THIRD_PARTY, TRUTH = "third_party", "truth"
"""The perspective of a neutral reader of the public transcript; that of the record itself."""
PERSON = "person:"
"""What the name of a judge who is a person begins with."""
_PERSON_ONCE = "human:"
"""The same in runs that were judged before it was changed."""

QUOTES_DROPPED = "quotes_dropped"
"""In a judgement's `detail`: how many quotes were left out, as nobody said them."""
INCONSISTENT = "inconsistent_with"
"""In a judgement's `detail`: the question of the same sheet whose answer contradicts this one."""


def judge_named(stored: str) -> str:
    """Return a judge's name as it is now.

    Examples:
        >>> judge_named("human:ann")
        'person:ann'

    """
    return PERSON + stored.removeprefix(_PERSON_ONCE) if stored.startswith(_PERSON_ONCE) else stored


def agent_perspective(role: int) -> str:
    """Return the name of a role's perspective, agents counted from 1: "agent_1"."""
    return f"agent_{role + 1}"


class Judgement(Frozen):
    """One judge's answer to one question about one dialogue, from one perspective."""

    question: str
    agent: int | None = None
    """Position of the role the question is about, where it is about one."""
    turn: int | None = None
    """Index of the utterance the question is about; for a belief, utterances made before it was asked."""
    status: Status
    value: JudgedValue | None = None
    """None unless the status is "ok": no failure is ever turned into a number."""
    evidence: tuple[str, ...] = ()
    """Verbatim quotes from the transcript."""
    reason: str = ""
    """The judge's own; where the status is not "ok", what was wrong."""
    detail: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    """What else is known: for a claim its subject, issue, stated and actual value."""

    @model_validator(mode="after")
    def _value_only_if_ok(self) -> "Judgement":
        if (self.value is None) == (self.status == "ok"):
            raise ValueError(f"status {self.status!r} does not go with value {self.value!r}")
        return self


class Sheet(Frozen):
    """What one judge answered in one go: a set of questions, from one perspective."""

    schema_version: Literal[1] = 1
    dialogue: str
    questions: str
    """Id of the question set."""
    perspective: str
    """"third_party", "agent_1", "agent_2", ...; "truth" for what the record itself says."""
    judge: Annotated[str, AfterValidator(judge_named)]
    """The model as given; "oracle"; "person:NAME" for a person."""
    fingerprint: str
    """Of everything the answers depend on besides the dialogue; `judges.json` has it in full."""
    repeat: int = 0
    judgements: tuple[Judgement, ...]
    calls: int = 0
    """Requests sent, retries included."""
    cached_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    seconds: Annotated[float, Field(ge=0)] = 0.0
    usd: float | None = 0.0
    """None where the model's price is not known."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What the sheet answers; a later line of the same key replaces an earlier one."""
        return self.dialogue, self.questions, self.perspective, self.judge, self.fingerprint, self.repeat
