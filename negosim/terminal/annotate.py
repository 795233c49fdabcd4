"""A person answers questions about dialogues, at a prompt.

Everything on the screen is made from `Page`: nothing tells the condition, the models or what was thought.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from negosim._text import clean, one_line, plural, spoken
from negosim.judging import UNSETTLED, Annotation, AnnotationQuestion, Page, Wording, read_back, written
from negosim.records import JudgedValue
from negosim.terminal.colours import colour
from negosim.terminal.console import print_view
from negosim.terminal.transcript import SideColumn, labelled, words
from negosim.views import PublicTurn

Read = Callable[[str], str]
"""Shows a prompt and returns the line that is typed; EOFError at the end of input."""

Place = tuple[int, int]
"""Positions of a dialogue and of a question about it."""

LONG_LIST = 12
"""More answers than this are shown without their meanings, and once for each dialogue."""

QUOTE_MARKS = ('"', "\u201c", "\u201e", "\u00ab")

KEYS = ("s leave out", "b back", '"words quote', ":words reason", "? help", "q stop")

HELP = (
    ('"words', "quotes what was said, word for word; to be typed before the answer"),
    (":words", "says why; to be typed before the answer"),
    ("Enter", "keeps the answer there is"),
    ("s", "leaves the question out, where there is no saying"),
    ("b", "goes back a question, also into the dialogue before"),
    ("t", "shows the dialogue again"),
    ("l", "lists the answers with their meanings"),
    ("q", "stops; what is answered is stored, and the same command goes on here"),
)


class _Stopped(Exception):
    """The person wants to stop."""


class Prompt:
    """Asks a person what is left to be asked, one question after the other."""

    def __init__(self, annotation: Annotation, console: Console, read: Read) -> None:
        """Take what is asked, where it is shown, and how a line is read."""
        self._annotation = annotation
        self._pages = annotation.pages
        self._console = console
        self._read = read
        self._shown = ("", "")
        """The dialogue and the question set that were shown last."""

    def run(self) -> bool:
        """Ask until nothing is left or the person stops. What is answered is stored, however it ends.

        Returns:
            Whether every question is answered or left out.

        Raises:
            KeyboardInterrupt: the person stopped so.
            UserError: answers cannot be stored.

        """
        at = self._next(0, 0)
        try:
            with _hanging_up_interrupts():
                while at is not None:
                    at = self._ask(*at)
        except (_Stopped, EOFError):
            return False
        finally:
            self._annotation.save()
        return True

    def _next(self, page: int, slot: int) -> Place | None:
        """Return the first question without an answer from a place on, or else before it."""
        count = len(self._pages)
        for number in (at % count for at in range(page, page + count + 1)):
            found = self._pages[number]
            start = slot if number == page else 0
            for place in (*range(start, len(found.slots)), *range(start)):
                if self._annotation.answer(found, found.slots[place]) is None:
                    return number, place
        return None

    def _before(self, page: int, slot: int) -> Place | None:
        """Return the last question before a place that is not ruled out."""
        for number in range(page, -1, -1):
            found = self._pages[number]
            for place in reversed(range(slot if number == page else len(found.slots))):
                answer = self._annotation.answer(found, found.slots[place])
                if answer is None or answer.status != "not_applicable":
                    return number, place
        return None

    def _ask(self, number: int, place: int) -> Place | None:
        """Put one question, and return the place of the next."""
        page = self._pages[number]
        slot = page.slots[place]
        self._show(number, place)
        typed = _Typed(self._annotation, page, slot)
        while not typed.done:
            line = self._read(prompt_of(slot.wording)).strip()
            if line == "b":
                before = self._before(number, place)
                if before is not None:
                    return before
                self._say("this is the first question")
            elif line == "q":
                raise _Stopped
            elif line == "t":
                self._print(_page_view(page, number, len(self._pages)))
                self._print(_question(self._annotation, page, slot))
            elif line == "l":
                self._print(_meanings(slot.wording))
            elif line == "?":
                self._print(labelled((Text(key, "bold"), Text(what)) for key, what in HELP))
            else:
                self._say(typed.take(line))
        following = self._next(number, place + 1)
        if following is None or self._pages[following[0]].slots[following[1]].asked is not slot.asked:
            self._annotation.save()
        return following

    def _show(self, number: int, place: int) -> None:
        """Show a question, and before it what of its dialogue and its set is not on the screen yet."""
        page = self._pages[number]
        slot = page.slots[place]
        before, self._shown = self._shown, (page.code, slot.asked.id)
        if before[0] != page.code:
            self._print(_page_view(page, number, len(self._pages)))
        heading = f"{one_line(slot.asked.title)} ({place + 1} of {len(page.slots)})"
        self._print(Padding(Rule(Text(heading, "bold"), align="left", style="dim"), (1, 0, 0, 0)))
        if before != self._shown:
            if slot.asked.instructions:
                self._print(words(slot.asked.instructions, "dim"))
            if len(slot.wording.options) > LONG_LIST:
                self._print(_names(slot.wording))
        self._print(_question(self._annotation, page, slot))
        keys = ("l meanings", *KEYS) if len(slot.wording.options) > LONG_LIST else KEYS
        self._print(Text("  ".join(keys), "dim"))

    def _say(self, text: str) -> None:
        if text:
            self._print(Text(clean(text), "bold"))

    def _print(self, view: RenderableType) -> None:
        print_view(self._console, view)


class _Typed:
    """What a person has typed in answer to one question."""

    def __init__(self, annotation: Annotation, page: Page, slot: AnnotationQuestion) -> None:
        self._annotation, self._page, self._slot = annotation, page, slot
        self._quotes: list[str] = []
        self._reason = ""
        self.done = False
        """Whether the question is answered or left out."""

    def take(self, line: str) -> str:
        """Take a line, and return what is to be said about it."""
        try:
            return self._take(line)
        except ValueError as error:
            return str(error)

    def _take(self, line: str) -> str:
        if line.startswith(QUOTE_MARKS):
            return self._quote(line)
        if line.startswith(":"):
            self._reason = line[1:].strip()
            return "noted; now the answer"
        if line == "s":
            self._annotation.leave_out(self._page, self._slot)
        elif line:
            value = typed_value(self._slot.wording, line)
            self._annotation.enter(self._page, self._slot, value, self._quotes, self._reason)
        elif self._annotation.answer(self._page, self._slot) is None:
            return "type an answer, or s to leave the question out; ? explains"
        self.done = True
        return ""

    def _quote(self, line: str) -> str:
        most = self._slot.wording.question.quotes
        if len(self._quotes) == most:
            return f"no more than {plural(most, 'quote')} here; now the answer"
        self._quotes.append(self._page.quoted(self._slot, line))
        return "quoted; now the answer"


def typed_value(wording: Wording, line: str) -> JudgedValue:
    """Return the answer that was typed: as in a sheet, or by number, or by a part of its name.

    Raises:
        ValueError: it is no answer, or may be several.

    """
    question, issue = wording.question, wording.issue
    if issue is not None and issue.range is not None:
        return written(wording, UNSETTLED if line.casefold() == "u" else line)
    if question.answer in ("yes_no", "scale"):
        return written(wording, line)
    names = [name for name, _ in wording.options]
    if line.isdecimal() and 1 <= int(line) <= len(names):
        return names[int(line) - 1]
    if line.casefold() not in names:
        near = [name for name in names if line.casefold().replace(" ", "-") in name]
        if len(near) == 1:
            return near[0]
        if near:
            raise ValueError(f"that may be {' or '.join(near[:6])}; type more of it, or its number")
    return written(wording, line)


def prompt_of(wording: Wording) -> str:
    """Return what stands before the line that is typed."""
    question, issue = wording.question, wording.issue
    if question.answer == "yes_no":
        return "y or n > "
    if question.answer == "scale":
        return f"{question.grades[0]} to {question.grades[-1]} > "
    if issue is not None and issue.range is not None:
        ends = f"{issue.label(issue.values[0])} to {issue.label(issue.values[-1])}"
        return f"{one_line(ends)}, or u if left open > "
    return f"1 to {len(wording.options)}{', or a name' if len(wording.options) > LONG_LIST else ''} > "


def _page_view(page: Page, number: int, count: int) -> RenderableType:
    """Return the dialogue as the third party reads it."""
    audience = page.audience
    rows: list[tuple[RenderableType, RenderableType]] = [
        (Text(one_line(person.name), f"bold {colour(role)}"), Text(one_line(person.position)))
        for role, person in enumerate(audience.roles)
    ]
    content = Group(words(audience.context), Text(""), labelled(rows))
    title = Text(f"dialogue {number + 1} of {count} · {one_line(audience.title)}", "bold")
    panel = Panel(content, title=title, title_align="left", padding=(0, 1))
    return Group(Text(""), panel, *(_turn_view(page, turn) for turn in page.transcript))


def _turn_view(page: Page, turn: PublicTurn) -> RenderableType:
    content: list[RenderableType] = [Text(spoken(turn.text))]
    if (move := page.move(turn)) is not None:
        content += [Text(""), Text(one_line(move), "bold")]
    name, style = one_line(page.audience.roles[turn.role].name), colour(turn.role)
    title = Text.assemble((f"{turn.index + 1} · ", "dim"), (name, f"bold {style}"))
    panel = Panel(Group(*content), title=title, title_align="left", border_style=style, padding=(0, 1))
    return SideColumn(turn.role, panel)


def _question(annotation: Annotation, page: Page, slot: AnnotationQuestion) -> RenderableType:
    """Return a question with the utterance it is about, its answers, its example, and the answer so far."""
    wording, item = slot.wording, slot.item
    parts: list[RenderableType] = []
    if item.turn is not None:
        parts.append(_turn_view(page, page.transcript[item.turn]))
    if wording.question.example is not None:
        parts.append(_example(wording))
    parts.append(Padding(words(page.text(slot), "bold"), (1, 0, 0, 0)))
    if len(wording.options) <= LONG_LIST:
        parts.append(_meanings(wording))
    answer = annotation.answer(page, slot)
    if answer is not None:
        now = "left out" if answer.value is None else read_back(answer.value)
        parts.append(Text(f"your answer so far: {one_line(now)} (Enter keeps it)"))
    return Group(*parts)


def _meanings(wording: Wording) -> RenderableType:
    """Return the answers with what they mean."""
    scale = sorted((wording.question.scale or {}).items())
    rows = [(str(grade), meaning) for grade, meaning in scale]
    if wording.issue is None or wording.issue.range is None:
        rows += [
            (f"{number} {name}" if len(wording.options) > LONG_LIST else str(number), meaning)
            for number, (name, meaning) in enumerate(wording.options, 1)
        ]
    return Padding(labelled((Text(one_line(key), "bold"), words(what)) for key, what in rows), (0, 0, 0, 2))


def _names(wording: Wording) -> RenderableType:
    """Return a long list of answers in columns, by number."""
    names = [Text(f"{number:>3} {name}") for number, (name, _) in enumerate(wording.options, 1)]
    return Padding(Columns(names, column_first=True, padding=(0, 2)), (1, 0, 0, 0))


def _example(wording: Wording) -> RenderableType:
    example = wording.question.example
    assert example is not None
    deserves = f"deserves {read_back(example.answer)}: {one_line(example.reason)}"
    content = Group(words(example.dialogue, "dim"), Text(deserves))
    title = Text("an example from another negotiation", "dim")
    return Panel(content, title=title, title_align="left", border_style="dim", padding=(0, 1))


@contextmanager
def _hanging_up_interrupts() -> Iterator[None]:
    """Treat a closed terminal and a termination as Ctrl-C, so that what is answered is stored."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    signals = [getattr(signal, name) for name in ("SIGHUP", "SIGTERM") if hasattr(signal, name)]
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def progress(annotation: Annotation) -> str:
    """Say how much of what is asked has been dealt with."""
    left = sum(bool(annotation.left(page)) for page in annotation.pages)
    done = len(annotation.pages) - left
    return f"{done} of {plural(len(annotation.pages), 'dialogue')} done"
