"""Client of one model: structured answers, validation with retries, accounting."""

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from negosim.errors import BudgetError, ContextLengthError, ModelError, ProtocolError
from negosim.models._answer import EmptyError, FormError, RefusalError, read_response
from negosim.models._bounds import cut_reason, trimmed
from negosim.models._ledger import Ledger
from negosim.models._room import MOST, USUAL, tokens_needed
from negosim.models._schema import Schema, answer_schema, schema_name
from negosim.models._types import AnswerMode, ChatModel, ChatRequest, ChatResponse, Message, Usage
from negosim.speech import quoted_line

Answer = TypeVar("Answer", bound=BaseModel)

logger = logging.getLogger(__name__)

CUT = "cut"
"""The doubt about an answer with a string that ends at its bound."""

MORE = 4
"""How many times as much room an answer has that was cut off, as far as the model writes so much."""

CUT_OFF, UNUSABLE = "cut_off", "unusable"
"""What the account counts where no doubt is why an answer was asked for again."""


class ModelClient:
    """The way to one model: every call of the engine goes through `ask`."""

    def __init__(
        self,
        model: ChatModel,
        *,
        temperature: float,
        max_tokens: int,
        held: bool | None = None,
        attempts: int = 3,
        seed: int = 0,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Set what all calls share.

        `held` is whether no answer may have more than `max_tokens`, whatever its form needs; by default any
        number but the usual is held to. `attempts` is how often an answer is asked for in all; `seed` is
        mixed into every call's; `about` is what fingerprints keep of the model besides.
        """
        self.model = model
        self.temperature = temperature
        self.max_tokens = max_tokens
        self._held = max_tokens != USUAL if held is None else held
        self._most = MOST
        self.attempts = attempts
        self.seed = seed
        self.about = dict(about or {})

    def longest(self, schema: Schema) -> int:
        """Return how many tokens an answer of a form may have.

        That is `max_tokens` where it was set, else what the form can need at its bounds, as far as the model
        writes so much; never less than the usual.
        """
        return min(self.most, max(self.max_tokens, tokens_needed(schema)))

    @property
    def most(self) -> int:
        """Tokens that no answer can have more of: forms that may need more are split by who makes them."""
        return self.max_tokens if self._held else self._most

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

        One that was cut off is asked for with more room; where there is no more, it is to be shorter, or,
        without `shorten`, fails at once, as a shorter answer would leave something out. What a content filter
        keeps back is not asked for three times: a prompt once, an answer twice.

        A usable answer can be doubtful: a string that ends at its bound within a sentence, and what `advise`
        says (a reason for each kind of doubt). Each kind is asked again once; what then still holds is put
        into `noted` ("cut" for strings, which end with their last whole sentence), and the answer is taken.

        Raises:
            ProtocolError: no attempt gave a usable answer; the message has each reason.
            ModelError: the provider failed.
            BudgetError: the run's budget does not allow the call.

        """
        schema = answer_schema(answer)
        prompt, reasons = tuple(messages), list[ValueError]()
        unheld: AnswerMode | None = None
        doubtful: tuple[Answer, Mapping[str, str]] | None = None
        asked: set[str] = set()
        room = self.longest(schema)
        for attempt in range(self.attempts):
            request = ChatRequest(
                messages=_with_reason(prompt, str(reasons[-1])) if reasons else prompt,
                schema=schema,
                schema_name=schema_name(answer),
                seed=_derive(self.seed, seed, attempt),
                temperature=self.temperature,
                max_tokens=room,
                unheld=unheld,
            )
            response, again = await self._complete(request, stage, role, ledger)
            try:
                parsed = self._read(response, answer, room, check)
                doubtful = parsed, (doubts := _doubts(parsed, advise))
                if not doubts.keys() - asked or attempt == self.attempts - 1:
                    break
                asked |= doubts.keys()
                raise DoubtError(doubts)
            except ValueError as error:
                more = self._more(room, response, error)
                reasons.append(error if more == room else ValueError(_cut_off(room, more)))
                unheld = response.mode if _is_unheld(reasons) else None
                where = {"stage": stage, "role": role, "model": self.model.name, "attempt": attempt + 1}
                logger.info("unusable answer", extra=where)
                needs_more = response.finish == "length" and more == room
                if _in_vain(response, attempt) or (needs_more and not shorten):
                    break
                room = more
                if attempt < self.attempts - 1:
                    again.update(_counted(error, response))
        if doubtful is not None:
            if noted is not None:
                noted.update(doubtful[1])
            return trimmed(doubtful[0])
        raise self._failed(stage, reasons, response)

    def _more(self, room: int, response: ChatResponse, error: ValueError) -> int:
        """Return the room for the next answer: more where the last was cut off, and more can be had."""
        if response.finish not in ("length", "reasoning") or isinstance(error, FormError):
            return room
        return max(room, min(MORE * room, self.most))

    def _failed(self, stage: str, reasons: Sequence[ValueError], response: ChatResponse) -> ProtocolError:
        listed = "; ".join(f"({number}) {reason}" for number, reason in enumerate(reasons, 1))
        attempts = "1 attempt" if len(reasons) == 1 else f"{len(reasons)} attempts"
        failed = ProtocolError(f"{self.model.name}, {stage}: no usable answer in {attempts}: {listed}")
        failed.refused, failed.cut_off = isinstance(reasons[-1], RefusalError), response.finish == "length"
        return failed

    async def _complete(
        self, request: ChatRequest, stage: str, role: int | None, ledger: Ledger
    ) -> tuple[ChatResponse, dict[str, int]]:
        """Send a request; return the response, and where is counted why it is asked again.

        Where a server does not take more room than usual, it is not asked for any more.
        """
        try:
            return await self._complete_once(request, stage, role, ledger)
        except ModelError as error:
            too_long = isinstance(error, ContextLengthError) or error.fault == "setting"
            if request.max_tokens <= self.max_tokens or not too_long:
                raise
        self._most = self.max_tokens
        usual = replace(request, max_tokens=self.max_tokens)
        return await self._complete_once(usual, stage, role, ledger)

    async def _complete_once(
        self, request: ChatRequest, stage: str, role: int | None, ledger: Ledger
    ) -> tuple[ChatResponse, dict[str, int]]:
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

    def _read(
        self, response: ChatResponse, answer: type[Answer], room: int, check: Callable[[Answer], None]
    ) -> Answer:
        parsed = read_response(response, answer, room)
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


def _in_vain(response: ChatResponse, attempt: int) -> bool:
    """Return whether a content filter would say the same again; an answer may come out otherwise once."""
    return response.finish == "filtered" and (attempt > 0 or not response.usage.tokens_out)


def _cut_off(room: int, more: int) -> str:
    return f"the answer was cut off at max_tokens ({room}); there is room for {more} now"


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
