"""Dialect of a server: what it takes of the chat completions protocol, learnt from what it rejects."""

import logging
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

from negosim.models._reply import Reply
from negosim.models._schema import portable
from negosim.models._types import AnswerMode, ChatRequest

logger = logging.getLogger("negosim.models")

FORMS: tuple[tuple[AnswerMode, bool], ...] = (
    ("json_schema", True),
    ("json_schema", False),
    ("json_object", False),
    ("prompt", False),
)
"""From the strictest down: how the answer is held to its form, and whether with the schema's bounds."""

_REJECTIONS = frozenset({400, 404, 415, 422})
_FORMAT_WORDS = re.compile(
    r"response_?(format|schema)|json_(schema|object)|schema|grammar|structured|guided", re.IGNORECASE
)
_SYSTEM_WORDS = re.compile(
    r"(system|developer) (role|message|prompt|instruction)|role.{0,5}system|roles? must alternate"
    r"|only user.{0,20}assistant",
    re.IGNORECASE,
)
_SURE = re.compile(
    r"response_?format|json.?schema|json_object|grammar|guided (decoding|json)|structured output",
    re.IGNORECASE,
)
_OF_A_MESSAGE = re.compile(r"messages?\[\d+\]|messages\.\d+")


_LENGTH = re.compile(r"max_(completion_|output_|new_)?tokens|maxOutputTokens", re.IGNORECASE)


def names_a_setting(said: str) -> bool:
    """Return whether a server that says it has failed means what it was asked for, and would fail again."""
    return bool(_SURE.search(said) or _SYSTEM_WORDS.search(said))


@dataclass
class Dialect:
    """What one model at one server takes; shared by all who talk to it, for the life of the process."""

    model: str
    form: int = 0
    last: int = len(FORMS) - 1
    """The last form that may be tried: a mode that was set by hand is not left."""
    length: str = "max_tokens"
    """The name of the parameter that bounds the answer."""
    dropped: set[str] = field(default_factory=set)
    """Parameters not sent any more."""
    merged: bool = False
    """Whether the system message goes at the head of the user's, for models that know no such role."""
    settled: bool = False
    """Whether the server has answered in the form it is asked in, or a way out of it was sought in vain."""
    left: int | None = None
    """The form that was left for the last one without the server naming it; taken up again if that fails."""

    @classmethod
    def of(cls, model: str, mode: AnswerMode | None) -> "Dialect":
        """Return what is first assumed of a model; `mode` is the user's choice, where there is one."""
        forms = [form for form, (kind, _) in enumerate(FORMS) if mode in (None, kind)]
        return cls(model, form=forms[0], last=forms[-1])

    @property
    def mode(self) -> AnswerMode:
        """How the answer is held to its form."""
        return FORMS[self.form][0]

    def body(self, request: ChatRequest) -> dict[str, Any]:
        """Return the request as the server takes it."""
        mode, bounds = FORMS[self.form]
        body: dict[str, Any] = {
            "model": self.model,
            "messages": self._messages(request, mode),
            self.length: request.max_tokens,
            "temperature": request.temperature,
            "seed": request.seed,
        }
        if mode == "json_schema":
            schema = request.schema if bounds else portable(request.schema)
            described = {"name": request.schema_name, "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": described}
        if mode == "json_object":
            body["response_format"] = {"type": "json_object"}
        for name in self.dropped:
            body.pop(name, None)
        return body

    def learn(self, form: int, body: dict[str, Any], reply: Reply) -> bool:
        """Take note of what a server rejected in a body sent in this form; return whether to try again."""
        named, said = reply.parameter, reply.message
        if reply.status not in _REJECTIONS and reply.status < 500:
            return False
        if "response_format" in named or (not named and names_the_format(said)):
            return self.step_down(form, form + 1, "the server refused the form before")
        if "max_tokens" in body and "max_completion_tokens" in said and "large" not in said:
            self.length = "max_completion_tokens"
            return True
        if names_the_length(named or said):
            return False
        if not self.merged and body["messages"][0]["role"] == "system" and _SYSTEM_WORDS.search(said):
            self.merged = True
            logger.info("%s: no system role; its text goes before the user's from now on", self.model)
            return True
        for name in ("temperature", "seed"):
            if name in body and (name == named or (not named and re.search(rf"\b{name}\b", said))):
                if name not in self.dropped:
                    logger.warning("%s: the server does not take %r; going on without it", self.model, name)
                self.dropped.add(name)
                return True
        # Without a word on the reason, what is asked for may still be it, unless it has worked before.
        if reply.status not in (400, 422, 500) or named or not self.doubtful(form):
            return False
        self.left = form if self.left is None else self.left
        return self.step_down(form, self.last, "the server gave no reason")

    def doubtful(self, form: int) -> bool:
        """Return whether what a server fails at may be the form, of which it has not shown that it works."""
        return not self.settled and form < self.last

    def answered(self, form: int) -> None:
        """Take note that the server takes this form."""
        if form == self.form:
            self.settled, self.left = True, None

    def give_up(self) -> None:
        """Take note of a request that went through in no form: that says nothing about the forms."""
        if self.left is not None:
            self.form, self.settled, self.left = self.left, True, None

    def unheld(self, mode: AnswerMode) -> None:
        """Take note that the server took a form of this mode, and answered in another."""
        below = next((form for form, (kind, _) in enumerate(FORMS) if FORMS[form - 1][0] == mode != kind), 0)
        if below:
            self.step_down(below - 1, below, "the server took it and did not keep to it")

    def step_down(self, form: int, to: int, why: str) -> bool:
        """Leave a form for a lower one; return whether there is one."""
        if to > self.last:
            return False
        # Others may have learnt the same from the same form meanwhile: one step is enough.
        if self.form <= form:
            self.form, self.settled = to, False
            logger.info("%s: structured answers by %s from now on (%s)", self.model, self.mode, why)
        return True

    def _messages(self, request: ChatRequest, mode: AnswerMode) -> list[dict[str, str]]:
        messages = [{"role": message.role, "content": message.content} for message in request.messages]
        if mode != "json_schema":
            messages[-1]["content"] += (
                "\n\nAnswer with one JSON object only, nothing before or after it. "
                "It must fit this JSON Schema:\n" + orjson.dumps(request.schema).decode()
            )
        if self.merged and messages[0]["role"] == "system" and len(messages) > 1:
            system, user = messages[:2]
            messages[:2] = [{**user, "content": f"{system['content']}\n\n{user['content']}"}]
        return messages


def names_the_length(said: str) -> bool:
    """Return whether a server objects to how long an answer may be."""
    return bool(_LENGTH.search(said))


def names_the_format(said: str) -> bool:
    """Return whether a server objects to how it is to hold the answer to its form."""
    return bool(_FORMAT_WORDS.search(said)) and not _OF_A_MESSAGE.search(said)
