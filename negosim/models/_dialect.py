"""What a server takes of the chat completions protocol, learnt from what it rejects."""

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from negosim.models._schema import portable
from negosim.models._types import AnswerMode, ChatRequest

if TYPE_CHECKING:
    from negosim.models._http import Reply

logger = logging.getLogger("negosim.models")

_FORMS: tuple[tuple[AnswerMode, bool], ...] = (
    ("json_schema", True),
    ("json_schema", False),
    ("json_object", False),
    ("prompt", False),
)
"""From the strictest down: how the answer is held to its form, and whether with the schema's bounds."""

_FORMAT_WORDS = re.compile(
    r"response_format|json_schema|json_object|schema|grammar|structured", re.IGNORECASE
)


@dataclass
class Dialect:
    """What one model at one server takes; shared by all who talk to it, for the life of the process."""

    model: str
    form: int = 0
    length: str = "max_tokens"
    """The name of the parameter that bounds the answer."""
    dropped: set[str] = field(default_factory=set)
    """Parameters not sent any more."""

    @property
    def mode(self) -> AnswerMode:
        """How the answer is held to its form."""
        return _FORMS[self.form][0]

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Return the request as the server takes it."""
        mode, bounds = _FORMS[self.form]
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            self.length: request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if mode == "json_schema":
            schema = request.schema if bounds else portable(request.schema)
            described = {"name": request.schema_name, "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        else:
            messages[-1]["content"] += (
                "\n\nAnswer with one JSON object only, nothing before or after it. "
                "It must fit this JSON Schema:\n" + orjson.dumps(request.schema).decode()
            )
        if mode == "json_object":
            body["response_format"] = {"type": "json_object"}
        for name in self.dropped:
            body.pop(name, None)
        return body

    def learn(self, form: int, body: dict[str, Any], reply: "Reply") -> bool:
        """Take note of what a server rejected in a body sent in this form; return whether to try again."""
        named, said = reply.parameter, reply.message
        about_format = "response_format" in named or (not named and _FORMAT_WORDS.search(said))
        if about_format and form + 1 < len(_FORMS):
            # Others may have learnt the same from the same form meanwhile: one step is enough.
            if self.form <= form:
                self.form = form + 1
                logger.info("%s: structured answers by %s from now on", self.model, self.mode)
            return True
        if about_format:
            return False
        if "max_tokens" in body and "max_completion_tokens" in said:
            self.length = "max_completion_tokens"
            return True
        for name in ("temperature", "seed"):
            if name in body and (name == named or (not named and name in said)):
                if name not in self.dropped:
                    logger.warning("%s: the server does not take %r; going on without it", self.model, name)
                self.dropped.add(name)
                return True
        return False
