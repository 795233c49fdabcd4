"""Chats with assistants: ShareGPT's form (`conversations` or `items`), and lists of messages."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from negosim.importing._drops import Drops
from negosim.importing._rows import rows_of
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks, fact_of
from negosim.records import HUMAN

_FIELDS = ("conversations", "conversation", "items", "messages")

_PEOPLE = ("human", "user")
_SYSTEM = ("system", "developer")
_NOBODY = ("tool", "function", "observation", "function_call")


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a file has chats in this form."""
    return any(_messages(row) is not None for row in rows)


def _messages(row: Any) -> list[Mapping[str, Any]] | None:
    """Return the messages of a row; None where it is of another form."""
    given = row if isinstance(row, list) else next((row[name] for name in _FIELDS if name in row), None)
    if not isinstance(given, list) or not given or not all(isinstance(one, Mapping) for one in given):
        return None
    formed = all(("from" in one and "value" in one) or ("role" in one and "content" in one) for one in given)
    return given if formed else None


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the chats; what a system prompt says is the brief of the assistant.

    Raises:
        UserError: a file is broken, or (`drops.strict`) has a bad row.

    """
    for file in files:
        talks = Talks("chats", options, drops)
        for row in rows_of(file.path, file.name):
            messages = None
            if row.problem is None and isinstance(row.content, Mapping | list):
                messages = _messages(row.content)
            if messages is None:
                wanted = "a list of {from, value} or {role, content} in conversations, items or messages"
                drops.add(row.problem or f"no chat: {wanted}", row.where)
                continue
            whole = row.content if isinstance(row.content, Mapping) else {}
            lines, brief = _lines(messages, whole, drops)
            facts = {
                str(name): fact_of(value)
                for name, value in whole.items()
                if name not in (*_FIELDS, "id") and isinstance(value, str | int | float | bool)
            }
            about = AboutTalk(
                title="A chat with an assistant",
                briefs={"Assistant": brief},
                facts=facts,
                split=file.split_of(row),
            )
            id = str(whole.get("id") or f"{file.label}-{row.name}")
            found = talks.dialogue(id, row.where, lines, about)
            if found is not None:
                yield found


def _lines(
    messages: Sequence[Mapping[str, Any]], whole: Mapping[str, Any], drops: Drops
) -> tuple[list[TalkLine], str]:
    lines: list[TalkLine] = []
    briefs: list[str] = []
    model = str(whole.get("model") or whole.get("model_name") or "")
    for message in messages:
        who = str(message.get("from", message.get("role"))).strip().casefold()
        text = _text(message.get("value", message.get("content")))
        if who in _SYSTEM:
            briefs.append(text)
        elif who in _NOBODY:
            drops.altered["results and calls of tools left out (messages)"] += 1
        elif who in _PEOPLE:
            lines.append(TalkLine("User", text, participant=HUMAN))
        else:
            lines.append(TalkLine("Assistant", text, participant=model or who or "assistant"))
    return lines, "\n".join(briefs)


def _text(value: Any) -> str:
    """Return the words of a message, also of one in parts."""
    if isinstance(value, list):
        parts = [part.get("text", "") if isinstance(part, Mapping) else part for part in value]
        return " ".join(str(part) for part in parts if part)
    return "" if value is None else str(value)


IMPORTER = Importer(
    title="Chats in ShareGPT's form",
    note="A system prompt is the assistant's brief; results of tools are left out.",
    recognises=recognises,
    read=read,
)
