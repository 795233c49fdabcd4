"""The one door to models: structured answers, validation with retries, accounting."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import BaseModel

from negosim.models._types import ChatModel, Message
from negosim.records import StageAccount

Answer = TypeVar("Answer", bound=BaseModel)


class Ledger:
    """The account of one dialogue: what every stage of every role cost."""

    def rows(self) -> tuple[StageAccount, ...]:
        """Return the account, a row for each stage, role and model, sorted."""
        raise NotImplementedError


class Door:
    """The way to one model: every call of the engine goes through `ask`."""

    def __init__(self, model: ChatModel, *, temperature: float, max_tokens: int, attempts: int = 3) -> None:
        raise NotImplementedError

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
    ) -> Answer:
        """Ask for a structured answer and validate it.

        An unusable answer (malformed, cut off, refused, or one `check` raises ValueError on) is asked for
        again with the reason, up to `attempts` times in all.

        Raises:
            ProtocolError: no attempt gave a usable answer; the message has each reason.
            ModelError: the provider failed.

        """
        raise NotImplementedError
