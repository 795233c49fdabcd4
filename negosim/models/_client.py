"""Client of one model: structured answers, validation with retries, accounting."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from negosim.errors import BudgetError, ProtocolError
from negosim.models._answer import EmptyError, FormError, parse_answer
from negosim.models._bounds import cut_reason, trimmed
from negosim.models._ledger import Ledger
from negosim.models._schema import answer_schema, schema_name
from negosim.models._types import AnswerMode, ChatModel, ChatRequest, ChatResponse, Message, Usage
from negosim.speech import quoted_line

Answer = TypeVar("Answer", bound=BaseModel)

logger = logging.getLogger(__name__)

CUT = "cut"
"""The doubt about an answer with a string that ends at its bound."""

CUT_OFF, UNUSABLE = "cut_off", "unusable"
"""What the account counts where no doubt is why an answer was asked for again."""

RUNAWAY = 40
"""Blanks at the end of an answer that was cut off: held to JSON, some models never leave them."""


class ModelClient:
    """The way to one model: every call of the engine goes through `ask`."""

    def __init__(
        self,
        model: ChatModel,
        *,
        temperature: float,
        max_tokens: int,
        attempts: int = 3,
        seed: int = 0,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Set what all calls share.

        `attempts` is how often an answer is asked for in all; `seed` is mixed into every call's;
        `about` is what fingerprints keep of the model besides.
        """
        self.model = model
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.attempts = attempts
        self.seed = seed
        self.about = dict(about or {})

    async def ask(
        self,
        messages: Sequence[Message],
        answer: type[Answer],
        *,
        stage: str,
        role: int | None,
        seed: int,
        ledger: Ledger,
        check: Callable[[Answer], None] = lambda _: None,
        shorten: bool = True,
        advise: Callable[[Answer], Mapping[str, str]] = lambda _: {},
        noted: set[str] | None = None,
    ) -> Answer:
        """Ask for a structured answer and validate it.

        An unusable answer (malformed, cut off, refused, or one `check` raises ValueError on) is asked for
        again with the reason, up to `attempts` times in all. The reason goes to the end of the last
        message, so that what comes before stays as it was and is read from the server's prefix cache.
        Without `shorten`, one that was cut off is not: a shorter one would leave something out.

        A usable answer can be doubtful: a string that ends at its bound within a sentence, and what `advise`
        says (a reason for each kind of doubt). Each kind is asked again once; what then still holds is put
        into `noted` ("cut" for strings, which end with their last whole sentence), and the answer is taken.

        Raises:
            ProtocolError: no attempt gave a usable answer; the message has each reason.
            ModelError: the provider failed.
            BudgetError: the run's budget does not allow the call.

        """
        schema = answer_schema(answer)
        prompt, reasons, refused = tuple(messages), list[ValueError](), False
        unheld: AnswerMode | None = None
        doubtful: tuple[Answer, Mapping[str, str]] | None = None
        asked: set[str] = set()
        for attempt in range(self.attempts):
            request = ChatRequest(
                messages=_with_reason(prompt, str(reasons[-1])) if reasons else prompt,
                schema=schema,
                schema_name=schema_name(answer),
                seed=_derive(self.seed, seed, attempt),
                temperature=self.temperature,
                max_tokens=self.max_tokens,
                unheld=unheld,
            )
            response, again = await self._complete(request, stage, role, ledger)
            refused = response.finish == "refusal"
            try:
                parsed = self._read(response, answer, check)
                doubtful = parsed, (doubts := _doubts(parsed, advise))
                if not doubts.keys() - asked or attempt == self.attempts - 1:
                    break
                asked |= doubts.keys()
                raise DoubtError(doubts)
            except ValueError as error:
                reasons.append(error)
                unheld = response.mode if _is_unheld(reasons) else None
                where = {"stage": stage, "role": role, "model": self.model.name, "attempt": attempt + 1}
                logger.info("unusable answer", extra=where)
                if response.finish == "length" and not shorten:
                    break
                if attempt < self.attempts - 1:
                    again.update(_counted(error, response))
        if doubtful is not None:
            if noted is not None:
                noted.update(doubtful[1])
            return trimmed(doubtful[0])
        listed = "; ".join(f"({number}) {reason}" for number, reason in enumerate(reasons, 1))
        attempts = "1 attempt" if len(reasons) == 1 else f"{len(reasons)} attempts"
        failed = ProtocolError(f"{self.model.name}, {stage}: no usable answer in {attempts}: {listed}")
        failed.refused, failed.cut_off = refused, response.finish == "length"
        raise failed

    async def _complete(
        self, request: ChatRequest, stage: str, role: int | None, ledger: Ledger
    ) -> tuple[ChatResponse, dict[str, int]]:
        """Send a request; return the response, and where is counted why it is asked again."""
        start = time.perf_counter()
        enter = partial(ledger.add, stage=stage, role=role, model=self.model.name)
        try:
            response = await self.model.complete(request)
        except BaseException as error:
            calls = 0 if isinstance(error, BudgetError) else getattr(error, "requests", 1)
            enter(calls=calls, usage=Usage(), seconds=time.perf_counter() - start)
            raise
        again = enter(
            calls=response.requests,
            cached_calls=int(response.cached),
            usage=response.usage,
            seconds=time.perf_counter() - start,
        )
        return response, again

    def _read(self, response: ChatResponse, answer: type[Answer], check: Callable[[Answer], None]) -> Answer:
        parsed = read_response(response, answer, self.max_tokens)
        check(parsed)
        return parsed


class DoubtError(ValueError):
    """A usable answer that is asked for again: why, by kind of doubt."""

    def __init__(self, doubts: Mapping[str, str]) -> None:
        super().__init__("; ".join(doubts.values()))
        self.kinds = tuple(doubts)


def _counted(error: ValueError, response: ChatResponse) -> dict[str, int]:
    """Return what an answer that is asked for again counts as."""
    kinds = error.kinds if isinstance(error, DoubtError) else (UNUSABLE,)
    return dict.fromkeys((CUT_OFF,) if response.finish == "length" else kinds, 1)


def _doubts(parsed: Answer, advise: Callable[[Answer], Mapping[str, str]]) -> dict[str, str]:
    cut = cut_reason(parsed)
    return {**({CUT: cut} if cut else {}), **advise(parsed)}


def read_response(response: ChatResponse, answer: type[Answer], max_tokens: int) -> Answer:
    """Read the answer in a response.

    Raises:
        ValueError: there is no usable one; the reason quotes nothing of it.

    """
    if response.finish == "refusal":
        raise ValueError("the model refused to answer")
    if response.finish == "reasoning":
        raise ValueError(
            "the answer was empty, and the reasoning channel was not; start the server without its reasoning "
            f"parser, or allow more than {max_tokens} tokens (?max_tokens=4000)"
        )
    if response.finish == "length":
        if not response.text.strip():
            raise ValueError(
                f"max_tokens ({max_tokens}) were used up before the answer began: models that reason need "
                "more (?max_tokens=4000)"
            )
        if response.text[-RUNAWAY:].isspace():
            raise FormError("the answer ran on in blanks until it was cut off")
        raise ValueError(f"the answer was cut off at max_tokens ({max_tokens}); it must be shorter")
    return parse_answer(response.text, answer)


def _is_unheld(reasons: Sequence[ValueError]) -> bool:
    """Return whether the last answer shows that the form is not kept; an empty one alone may be chance."""
    if isinstance(reasons[-1], EmptyError):
        return isinstance(reasons[-2:][0], EmptyError) and len(reasons) > 1
    return isinstance(reasons[-1], FormError)


def _with_reason(messages: tuple[Message, ...], reason: str) -> tuple[Message, ...]:
    # The form is not told again: the server is held to it, or the transport has put it into the prompt.
    last = messages[-1]
    return (*messages[:-1], replace(last, content=with_reason(last.content, reason)))


def with_reason(task: str, reason: str) -> str:
    """Return a task with the reason why its last answer could not be used.

    A reason may repeat a word of the answer, which may repeat what somebody said: it is quoted.
    """
    told = quoted_line(reason)
    return (
        f"{task}\n\nYour previous answer to this could not be used: {told}. Answer again, in the same form."
    )


def _derive(*numbers: int) -> int:
    """Return a seed every server takes (llama.cpp reads 32 bits and means "random" by the largest)."""
    text = "\x1f".join(map(str, numbers))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
