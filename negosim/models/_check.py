"""Check of what a model can do, with two small real calls."""

import time
from dataclasses import dataclass, replace

from pydantic import Field

from negosim._frozen import Frozen
from negosim.errors import NegosimError
from negosim.models._answer import FormError, read_response
from negosim.models._client import with_reason
from negosim.models._given import GivenModel, spec_of
from negosim.models._open import open_model
from negosim.models._schema import answer_schema, schema_name
from negosim.models._spec import ModelSpec
from negosim.models._types import AnswerMode, ChatModel, ChatRequest, ChatResponse, Message

# Providers cache a prefix from about a thousand tokens on, so the shared beginning is longer.
_NOTES = "\n".join(
    f"Note {number}: lot {number} holds {number * 7 % 90 + 10} crates, stored in hall {number % 6 + 1}, "
    f"and the asking price is {number * 13 % 400 + 100} euros for a crate."
    for number in range(1, 41)
)

_TASK = "The price is a whole number of euros from 100 to 500; one sentence is enough."
ATTEMPTS = 3


class _Offer(Frozen):
    """One line of a negotiation."""

    text: str = Field(max_length=200, description="One sentence to the buyer.")
    price: int = Field(ge=100, le=500, description="Asking price in euros.")


class CheckReport(Frozen):
    """What a model at a server turned out to do."""

    model: str
    answered: bool
    """Whether it gave a usable structured answer."""
    problem: str | None = None
    """Why not."""
    mode: AnswerMode | None = None
    """How the server was asked for that answer: "json_schema" is best."""
    bare: bool = False
    """Whether that answer was the object and nothing else, as it is where a server holds its model to it."""
    unheld: tuple[AnswerMode, ...] = ()
    """The stricter ways that the server took without keeping to them."""
    usage: bool = False
    """Whether the server counts tokens; without it there is no account of tokens or money."""
    tokens_in: int = 0
    """Of the second call."""
    tokens_cached: int = 0
    """Of the second call, which shares its beginning with the first: above 0, the prefix cache works."""
    seconds: float = 0.0
    """How long the second call took."""
    tokens_per_second: float | None = None
    """Tokens of the second answer over its time."""


async def check_model(spec: GivenModel) -> CheckReport:
    """Ask a model for two small structured answers, about 1,500 tokens each, and report what worked.

    Where an answer is unusable it is asked for again, as in a dialogue; so it may take up to six calls.

    Raises:
        UserError: the spec is wrong, a key or file is missing, or the server cannot be reached.

    """
    spec = spec_of(spec)
    model = open_model(spec)
    try:
        await model.preflight()
        try:
            first = await _try(model, spec, f"Offer lot 7 to the buyer. {_TASK}")
            second = first if first.problem else await _try(model, spec, f"Offer lot 9 to the buyer. {_TASK}")
        except NegosimError as error:
            return CheckReport(model=spec.name, answered=False, problem=str(error))
    finally:
        await model.close()
    response, usage = second.response, second.response.usage
    return CheckReport(
        model=spec.name,
        answered=second.problem is None,
        problem=second.problem,
        mode=response.mode,
        bare=second.problem is None and response.text.strip()[:1] + response.text.strip()[-1:] == "{}",
        unheld=tuple(dict.fromkeys((*first.unheld, *second.unheld))),
        usage=usage.tokens_in > 0 and usage.tokens_out > 0,
        tokens_in=usage.tokens_in,
        tokens_cached=usage.tokens_cached,
        seconds=second.seconds,
        tokens_per_second=usage.tokens_out / second.seconds if usage.tokens_out else None,
    )


@dataclass(frozen=True)
class _Trial:
    """One answer, and what was wrong with it and with those before."""

    response: ChatResponse
    seconds: float
    problem: str | None
    unheld: tuple[AnswerMode, ...]


async def _try(model: ChatModel, spec: ModelSpec, task: str) -> _Trial:
    """Ask until an answer is usable, in ever less strict ways."""
    unheld, again, reason = list[AnswerMode](), None, ""
    for number in range(ATTEMPTS):
        start = time.perf_counter()
        response = await model.complete(_request(spec, task + reason, number, again))
        trial = _Trial(response, time.perf_counter() - start, None, tuple(unheld))
        try:
            read_response(response, _Offer, spec.max_tokens)
            return trial
        except ValueError as error:
            trial = replace(trial, problem=str(error))
            reason = with_reason("", str(error))
            again = response.mode if isinstance(error, FormError) else None
            unheld += [response.mode] if again else []
    return replace(trial, unheld=tuple(unheld))


def _request(spec: ModelSpec, task: str, number: int, unheld: AnswerMode | None) -> ChatRequest:
    return ChatRequest(
        messages=(Message("system", f"You sell goods from a warehouse.\n{_NOTES}"), Message("user", task)),
        schema=answer_schema(_Offer),
        schema_name=schema_name(_Offer),
        seed=(spec.seed + number) % 2**31,
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
        unheld=unheld,
    )
