"""Finding out what a model can do, with two small real calls."""

import time

from pydantic import Field

from negosim._frozen import Frozen
from negosim.errors import NegosimError
from negosim.models._answer import parse_answer
from negosim.models._open import open_model
from negosim.models._schema import answer_schema, schema_name
from negosim.models._spec import ModelSpec
from negosim.models._types import AnswerMode, ChatRequest, ChatResponse, Message

# Providers cache a prefix from about a thousand tokens on, so the shared beginning is longer.
_NOTES = "\n".join(
    f"Note {number}: lot {number} holds {number * 7 % 90 + 10} crates, stored in hall {number % 6 + 1}, "
    f"and the asking price is {number * 13 % 400 + 100} euros for a crate."
    for number in range(1, 41)
)


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
    """How the server could be held to the answer's form: "json_schema" is best."""
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


async def check_model(spec: ModelSpec | str) -> CheckReport:
    """Ask a model for two small structured answers, about 1,500 tokens each, and report what worked.

    Raises:
        UserError: the spec is wrong, a key or file is missing, or the server cannot be reached.

    """
    spec = ModelSpec.parse(spec) if isinstance(spec, str) else spec
    model = open_model(spec)
    try:
        await model.preflight()
        try:
            await model.complete(_request(spec, "Offer lot 7 to the buyer."))
            start = time.perf_counter()
            response = await model.complete(_request(spec, "Offer lot 9 to the buyer."))
            seconds = time.perf_counter() - start
        except NegosimError as error:
            return CheckReport(model=spec.name, answered=False, problem=str(error))
    finally:
        await model.close()
    problem, usage = _problem(response, spec), response.usage
    return CheckReport(
        model=spec.name,
        answered=problem is None,
        problem=problem,
        mode=response.mode,
        usage=usage.tokens_in > 0 and usage.tokens_out > 0,
        tokens_in=usage.tokens_in,
        tokens_cached=usage.tokens_cached,
        seconds=seconds,
        tokens_per_second=usage.tokens_out / seconds if usage.tokens_out else None,
    )


def _request(spec: ModelSpec, task: str) -> ChatRequest:
    return ChatRequest(
        messages=(Message("system", f"You sell goods from a warehouse.\n{_NOTES}"), Message("user", task)),
        schema=answer_schema(_Offer),
        schema_name=schema_name(_Offer),
        seed=spec.seed % 2**31,
        temperature=spec.temperature,
        max_tokens=spec.max_tokens,
    )


def _problem(response: ChatResponse, spec: ModelSpec) -> str | None:
    if response.finish == "refusal":
        return "the model refused to answer"
    if response.finish == "length":
        return f"the answer was cut off at max_tokens ({spec.max_tokens})"
    try:
        parse_answer(response.text, _Offer, response.mode)
    except ValueError as error:
        return str(error)
    return None
