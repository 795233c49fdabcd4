"""Chat exports as text: WhatsApp's, Telegram's, Discord's, Slack's, IRC's, and plain "Name: words"."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from negosim.errors import UserError
from negosim.importing._decoding import decoded
from negosim.importing._drops import Drops
from negosim.importing._source import ImportedDialogue, Importer, ImportOptions, Rows, SourceFile
from negosim.importing._talk import AboutTalk, TalkLine, Talks

_DATE = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{1,2}[- ][^\W\d_]{3,9}\.?[- ]\d{2,4})"
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s*[apAP]\.?\s?[mM]\.?)?"
_TIME = rf"{_DATE}(?:,?\s+(?:at\s+)?|T){_CLOCK}(?:Z|[+-]\d{{2}}:?\d{{2}})?"

_TIMED = (
    re.compile(rf"^\[{_TIME}\]\s*(?P<name>[^:]{{1,60}}):\s?(?P<text>.*)$"),
    re.compile(rf"^{_TIME}\s+[-\u2013]\s+(?P<name>[^:]{{1,60}}):\s?(?P<text>.*)$"),
    re.compile(rf"^\[?(?:{_DATE}[,T ]\s*)?{_CLOCK}\]?\s*<[ @+~&%]?(?P<name>[^<>]{{1,60}})>\s?(?P<text>.*)$"),
    re.compile(rf"^\[{_CLOCK}\]\s*(?P<name>[^:]{{1,60}}):\s?(?P<text>.*)$"),
    re.compile(rf"^{_TIME}\s+(?P<name>[^\W\d_][^:]{{0,59}}):\s?(?P<text>.*)$"),
    re.compile(rf"^(?P<name>[^:\[\]]{{1,60}}),\s*\[{_TIME}\]:?\s*(?P<text>.*)$"),
    re.compile(rf"^\[{_TIME}\]\s*(?P<name>[^:]{{1,60}})(?P<text>)$"),
    re.compile(
        rf"^(?P<name>[^:\[\]]{{1,60}}?)\s+[\u2014\u2013-]\s+"
        rf"(?:(?:Today|Yesterday) at {_CLOCK}|{_TIME})(?P<text>)$"
    ),
    re.compile(rf"^(?P<name>[^:\[\]\d]{{1,60}}?)(?:\s{{2,}}|\t)\[?{_CLOCK}\]?(?P<text>)$"),
)
"""How a message begins where a time stands with who speaks: date in brackets, date and dash, IRC, date alone;
Telegram's "Ada, [date]", Discord's "[date] Ada" and "Ada - date", Slack's "Ada  time", words in the next
line."""

_PLAIN = (
    re.compile(r"^<[ @+~&%]?(?P<name>[^<>]{1,60})>\s?(?P<text>.*)$"),
    re.compile(rf"^(?P<name>[^\W\d_][^:()\[\]]{{0,40}}?)(?:\s*[(\[]{_CLOCK}[)\]])?:\s(?P<text>.*)$"),
)
"""How a message begins without a time."""

_NOTICE = re.compile(rf"^(?:\[{_TIME}\]|{_TIME}\s+[-\u2013])\s*(?P<text>.*)$")
"""A line with a time and no speaker: what the program says."""

_UNSEEN = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

_BREAK = re.compile(r"^\s*(?:-{3,}|={3,}|\*{3,})\s*$")
"""A line between two dialogues of one file."""

FEWEST = 2
_SHARES = ((_TIMED, 0.1), (_PLAIN, 0.5))
"""Of the lines that are not empty, this many must begin a message: a time with a name is hardly chance."""


def recognises(file: Path, rows: Rows) -> bool:
    """Tell whether a text file is a chat: lines that begin with a speaker, who speak more than once."""
    if file.suffix.casefold() not in (".txt", ".log", ".chat") or rows:
        return False
    try:
        lines = [line for line in _lines(file) if line.strip()]
    except UserError:
        return False
    form = _form(lines)
    if form is None:
        return False
    names = Counter(match["name"].strip() for line in lines if (match := form.match(line)))
    return names.total() >= FEWEST and len(names) >= 2 and names.total() >= 2 * len(names) - 1


def _lines(file: Path) -> list[str]:
    return [_UNSEEN.sub("", line).replace("\u202f", " ") for line in decoded(file).splitlines()]


def _form(lines: Sequence[str]) -> re.Pattern[str] | None:
    """Return the form that most lines begin messages in, if enough do; first of those with a time."""
    for forms, least in _SHARES:
        counts = [sum(form.match(line) is not None for line in lines) for form in forms]
        most = max(counts)
        if most >= FEWEST and most >= least * len(lines):
            return forms[counts.index(most)]
    return None


def read(files: Sequence[SourceFile], options: ImportOptions, drops: Drops) -> Iterator[ImportedDialogue]:
    """Yield the chats: one a file, or several that lines of dashes divide.

    Raises:
        UserError: a file is no chat, or cannot be read.

    """
    talks = Talks("chats", options, drops)
    for file in files:
        lines = _lines(file.path)
        form = _form([line for line in lines if line.strip() and not _BREAK.match(line)])
        if form is None:
            drops.add('no chat: lines must begin with who speaks, as in "Ada: words"', file.name)
            continue
        parts = [(start, _messages(part, form, drops)) for start, part in _parts(lines)]
        parts = [(start, said) for start, said in parts if said]
        for number, (start, said) in enumerate(parts, 1):
            id = file.label if len(parts) == 1 else f"{file.label}-{number}"
            found = talks.dialogue(id, f"{file.name}, line {start}", said, AboutTalk(split=file.split))
            if found is not None:
                yield found


def _parts(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    start, part = 1, list[str]()
    for number, line in enumerate(lines, 1):
        if not _BREAK.match(line):
            part.append(line)
            continue
        if any(text.strip() for text in part):
            yield start, part
        start, part = number + 1, []
    if any(text.strip() for text in part):
        yield start, part


def _messages(lines: Sequence[str], form: re.Pattern[str], drops: Drops) -> list[TalkLine]:
    """Return the messages; a line that begins none goes on with the one before."""
    said: list[TalkLine] = []
    for line in lines:
        match = form.match(line)
        if match:
            said.append(TalkLine(match["name"].strip(" ~"), match["text"].strip()))
        elif not line.strip():
            continue
        elif _NOTICE.match(line) or not said:
            drops.altered["lines without a speaker left out"] += 1
        else:
            before = said.pop()
            said.append(TalkLine(before.speaker, f"{before.text}\n{line.strip()}".strip()))
    return said


IMPORTER = Importer(
    title="Chat exports as text",
    note="Lines that begin no message go on with the one before; the program's own notices are left out.",
    recognises=recognises,
    read=read,
)
