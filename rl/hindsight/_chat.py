"""Asking a chat model about dialogues: the fixed part first, the dialogue last."""

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from pydantic import BaseModel

from negosim.models import Message, ModelClient
from negosim.prompts import Templates
from negosim.rl.hindsight._protocol import Step
from negosim.rl.hindsight._setting import Setting

Answer = TypeVar("Answer", bound=BaseModel)


class Chat:
    """One chat model, asked about the dialogues of one setting."""

    def __init__(
        self, client: ModelClient, setting: Setting, limit: asyncio.Semaphore, templates: Templates
    ) -> None:
        """Take the model's client, what limits calls at once, and the templates of what it is asked."""
        self.name = client.model.name
        self.setting = setting
        self._client = client
        self._limit = limit
        self._templates = templates
        self._fixed: dict[tuple[str, Any], Message] = {}

    async def ask(
        self,
        stage: str,
        answer: type[Answer],
        step: Step,
        *,
        kind: str = "",
        fixed: Callable[[], dict[str, Any]] = dict,
        check: Callable[[Answer], None] = lambda _: None,
        **shown: Any,
    ) -> Answer:
        """Ask for one answer.

        Args:
            stage: the templates: `{stage}.j2` for what is the same in all calls of a `kind`, with the
                values of `fixed`; `{stage}-ask.j2` for this dialogue, with `shown`.
            answer: its form.
            step: seed and account.
            kind: which of several fixed parts.
            fixed: called once for each kind.
            check: raises ValueError on an answer that cannot be used; it is asked for again then.
            shown: values of the second template.

        Raises:
            ProtocolError: no attempt gave a usable answer.
            ModelError: the provider failed.
            BudgetError: the budget does not allow the call.

        """
        key = (stage, kind)
        if key not in self._fixed:
            text = self._templates.render(stage, {**self._base, **fixed()})
            self._fixed[key] = Message("system", text.strip())
        asked = self._templates.render(f"{stage}-ask", {**self._base, **shown})
        async with self._limit:
            return await self._client.ask(
                (self._fixed[key], Message("user", asked.strip())),
                answer,
                stage=f"hindsight-{stage}",
                role=None,
                seed=step.number(stage),
                ledger=step.ledger,
                check=check,
            )

    @cached_property
    def _base(self) -> dict[str, Any]:
        labels = self.setting.labels
        return {"task": self.setting.task, "agent": labels["agent"], "user": labels["user"]}
