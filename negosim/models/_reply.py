"""One reply of a model server: its status, its body, and what it says is wrong."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from negosim.models._completion import ChatCompletion
from negosim.models._json import read_body

LONGEST_QUOTE = 300
"""Characters of a server's words that go into a message."""

_NAMES = (
    "message", "error_msg", "error_message", "errorMessage", "error_description", "msg", "detail", "title",
    "reason", "description",
)  # fmt: skip
"""Where servers put what is wrong, the plainest first."""
_INSIDE = ("error", "errors", "detail", "metadata", "raw", "body", "message")
"""Where one error holds another: a gateway's holds that of the server behind it, often as text."""
_LOST = frozenset({502, 504, 520, 524})
_DEEPEST, _WIDEST = 6, 5
_HTML = re.compile(r"\s*<(!doctype|html|head|body|\?xml)", re.IGNORECASE)
_EVENTS = re.compile(r"\s*(data|event|id|retry)?:")
_TITLE = re.compile(r"<(title|h1)[^>]*>(.{1,200}?)</\1", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    data: Any
    """The parsed JSON, or None where the body was none."""
    text: str
    """The beginning of the body, where it was no JSON."""
    requests: int
    """Requests it took, this one included."""
    completion: ChatCompletion | None = None
    """What an answer holds, once it has been read."""

    @classmethod
    def read(cls, status: int, body: bytes, requests: int) -> "Reply":
        """Read a body."""
        try:
            return cls(status, read_body(body), "", requests)
        except ValueError:
            return cls(status, None, body[:2000].decode(errors="replace"), requests)

    @property
    def answered(self) -> bool:
        """Whether the server says that this is an answer."""
        return 200 <= self.status < 300

    @property
    def kind(self) -> str:
        """What the body is where it is no JSON, "" where it is."""
        if self.data is not None:
            return ""
        if not self.text.strip():
            return "it is empty"
        if _HTML.match(self.text):
            return "it is an HTML page; the URL may be wrong (it usually ends in /v1)"
        if _EVENTS.match(self.text):
            return "it is a stream of events, which was not asked for; switch streaming off there"
        return "it is no JSON, or has a key twice in one object"

    @property
    def lost(self) -> bool:
        """Whether a server behind a gateway may have answered, and be paid for it."""
        return self.status in _LOST

    @property
    def message(self) -> str:
        """What the server says is wrong, from the outermost gateway's words to the innermost server's."""
        said = list[str]()
        for text in _texts(self.data) if self.data is not None else (_plain(self.text),):
            text = " ".join(text.split())
            if text and not any(text in before for before in said):
                said.append(text)
        return quoted("; ".join(said)) or f"status {self.status}"

    @property
    def code(self) -> str:
        """The server's name for the error, the innermost one's first; "" where it gives none."""
        return self._innermost("code", "type", "status")

    @property
    def parameter(self) -> str:
        """The parameter the server objects to, "" where it names none."""
        return self._innermost("param")

    def as_error(self) -> "Reply | None":
        """Return an error that came dressed as an answer, with the status it names itself; None: it is none.

        Where it names none, it is that of a gateway whose server has failed (502).
        """
        data = _error_in(self.data)
        if data is None:
            return None
        numbers = [_status(layer.get(name)) for layer in _layers(data) for name in ("code", "status")]
        return replace(self, data=data, status=next(filter(None, reversed(numbers)), 502))

    def _innermost(self, *names: str) -> str:
        found = (layer.get(name) for layer in reversed([*_layers(self.data)]) for name in names)
        return next((value for value in found if value and isinstance(value, str)), "")


def quoted(text: str) -> str:
    """Return a server's words for a message: on one line, of printable characters, shortened."""
    clean = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(clean.split())[:LONGEST_QUOTE]


def _layers(data: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield the objects an error consists of, the outermost first."""
    if depth > _DEEPEST:
        return
    if isinstance(data, str):
        if data.lstrip()[:1] in ("{", "["):
            try:
                yield from _layers(read_body(data.encode(errors="replace")), depth + 1)
            except ValueError:
                return
    elif isinstance(data, list):
        for item in data[:_WIDEST]:
            yield from _layers(item, depth + 1)
    elif isinstance(data, dict):
        yield data
        for name in _INSIDE:
            yield from _layers(data.get(name), depth + 1)


def _error_in(data: Any) -> Any:
    """Return what holds an error in the body of an answer: the body, its first choice, or nothing."""
    if isinstance(data, list) and data:
        return _error_in(data[0])
    if not isinstance(data, dict):
        return None
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(first, dict) and first.get("error"):
        return first
    return data if any(data.get(name) for name in ("error", "errors", "error_msg", "error_code")) else None


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield _plain(data)
    for layer in _layers(data):
        # Validation errors carry the input they reject, which may be the whole prompt: leave it out.
        place = layer.get("loc")
        where = f"{'.'.join(map(str, place))}: " if isinstance(place, list) else ""
        for name in ("error", "raw", *_NAMES):
            said = layer.get(name)
            if isinstance(said, str) and said.strip()[:1] not in ("", "{", "["):
                yield where + _plain(said)
                break
        for name in ("error", "errors", "detail"):
            items = layer.get(name)
            if isinstance(items, list):
                yield from (_plain(item) for item in items[:_WIDEST] if isinstance(item, str))


def _plain(text: str) -> str:
    """Return a text as it is, of an HTML page the title."""
    if not _HTML.match(text):
        return text
    title = _TITLE.search(text)
    return f"an HTML page: {html.unescape(title[2])}" if title else "an HTML page"


def _status(value: Any) -> int | None:
    """Return an error's status where it is a number for one, or such a number as text."""
    if isinstance(value, str) and re.fullmatch(r"[45]\d\d", value):
        return int(value)
    return value if type(value) is int and 400 <= value < 600 else None
