"""Speech as data: what somebody said, written so that nobody can take it for structure.

A record keeps every text as it was. Readers get it through one of the functions here: models through
`quoted` (a transcript, a thought, a candidate in a prompt) or `quoted_line` (where a turn has one line),
people through `visible`, trainers that read exported dialogues through `without_tokens`. An ordinary
utterance on one line comes out of each of them as it went in.
"""

import re
import sys
import unicodedata

__all__ = [
    "PREFIX",
    "opening",
    "quoted",
    "quoted_line",
    "unquoted",
    "visible",
    "without_codes",
    "without_prefixes",
    "without_tokens",
]

PREFIX = "    |"
"""What further lines of an utterance begin with, so that none begins as a turn, a move or a task does."""

MOST_MARKS = 4
"""Combining marks on one letter that are shown; languages hardly need more."""

_ORDINARY = re.compile(r"[ !\"$-;=?-Z\\^-~\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u20ac]*")
"""Texts in which there is nothing to do, as nearly all are."""

_HIDDEN_KINDS = frozenset(("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
"""Unicode's controls, formats, surrogates, private characters, separators of lines and paragraphs."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0d"
    "\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff]"
)
"""What shows nothing although its kind is another: fillers, selectors, tags, what is no character."""

_SUBSTITUTES = str.maketrans("<>[]#", "⟪⟫⟦⟧⌗")
"""What stands in a prompt for the marks that control tokens, turns and headings are made of."""
_ORIGINALS = str.maketrans("⟪⟫⟦⟧⌗", "<>[]#")

_OURS = frozenset("⟨⟩⟪⟫⟦⟧⌗")
_LOOKALIKES = frozenset("＜＞［］＃﹤﹥﹟")
"""Wide and small forms, which some tokenizers read as the marks themselves."""

_STRUCTURE = re.compile(
    r"<(?![\s=-]|\Z|\d[^\s<>]*(?:[\s<]|\Z))"  # not in "a < b", "<3", "<=", "<-"
    r"|(?<=[^\s\d=-])>"  # not in "a > b", "=>", "->"
    r"|[\[\]]"
    r"|(?m:^[ \t]*#+(?=\s))|#{2,}"  # not in "our #1"
)
_CONTROL_TOKEN = re.compile(
    r"<(?=[|｜]|/?[A-Za-z_][^\s<>]*>)|(?<=[|｜\w])>"
    r"|\[(?=/?[|｜]|/?[A-Za-z]*[A-Z]{2}[A-Z0-9_ ]*\])|(?<=[|｜])\]"
)

_CODES = re.compile(r"⟨(U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})*)⟩")
_FURTHER_LINE = re.compile(rf"\n{re.escape(PREFIX)}(?: |(?=\n|\Z))")


def visible(text: str) -> str:
    """Return a text for people: what shows nothing, or shows other text than there is, as its codes.

    Control characters and escape sequences, bidirectional overrides, zero-width and tag characters, and
    heaps of combining marks are written as "⟨U+202E⟩". Line breaks and tabs stay, and what emoji and
    scripts need.
    """
    return text if _ORDINARY.fullmatch(text) else _with_codes(text, frozenset())


def quoted(text: str) -> str:
    """Return a text for a prompt; in one that is laid out in lines it is one item, whatever it contains.

    - Further lines begin with `PREFIX`; every other separator of lines is written as its code.
    - What control tokens of chat templates, bracketed turns and headings are made of is replaced:
      "<|end|>" is "⟪|end|⟫", "[INST]" is "⟦INST⟧", "## Task" is "⌗⌗ Task".
    - What is not visible is written as by `visible`.

    Nothing is lost: `unquoted` returns the text.
    """
    if _ORDINARY.fullmatch(text):
        return text
    shown = _with_codes(text, _OURS | _LOOKALIKES)
    shown = _STRUCTURE.sub(lambda found: found[0].translate(_SUBSTITUTES), shown)
    first, *further = shown.split("\n")
    return first + "".join(f"\n{PREFIX} {line}" if line else f"\n{PREFIX}" for line in further)


def quoted_line(text: str) -> str:
    """Return a text for a prompt in which a turn has one line: white space collapsed, then as `quoted`."""
    return quoted(" ".join(text.split()))


def opening(text: str, words: int) -> str:
    """Return the first words of a text as `quoted_line`, with dots where there are more."""
    said = text.split(maxsplit=words)
    return quoted(" ".join(said[:words])) + (" ..." if len(said) > words else "")


def unquoted(shown: str) -> str:
    """Return the text that `quoted` has written."""
    return without_codes(without_prefixes(shown).translate(_ORIGINALS))


def without_codes(shown: str) -> str:
    """Return a text that `visible` has written, as it was: characters in place of their codes."""
    return _CODES.sub(lambda found: "".join(map(_of_code, found[1].split())), shown)


def _of_code(code: str) -> str:
    number = int(code[2:], 16)
    return chr(number) if number <= sys.maxunicode else code


def without_prefixes(text: str) -> str:
    """Return a text whose further lines do not begin with `PREFIX`, as a model may have copied it."""
    return _FURTHER_LINE.sub("\n", text)


def without_tokens(text: str) -> str:
    """Return a text in which no tokenizer finds a control token, with the same replacements as `quoted`.

    For texts that leave the house, as for another's trainer: it may read "<|im_end|>" or "[INST]" in what
    somebody said as its own.
    """
    return _CONTROL_TOKEN.sub(lambda found: found[0].translate(_SUBSTITUTES), text)


def _with_codes(text: str, also: frozenset[str]) -> str:
    """Write hidden characters, and those of `also`, as their codes; a run of them in one pair of brackets."""
    parts: list[str] = []
    codes: list[str] = []
    for at, character in enumerate(text):
        if character in also or _is_hidden(text, at):
            codes.append(f"U+{ord(character):04X}")
            continue
        if codes:
            parts.append(f"⟨{' '.join(codes)}⟩")
            codes.clear()
        parts.append(character)
    if codes:
        parts.append(f"⟨{' '.join(codes)}⟩")
    return "".join(parts)


def _is_hidden(text: str, at: int) -> bool:
    character = text[at]
    if " " <= character <= "~" or character in "\n\t":
        return False
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if character in "\u200c\u200d":  # joiners, in emoji and in scripts other than ours
        return not (_joined(before) and _joined(after))
    if character in "\ufe0e\ufe0f":  # how an emoji or a keycap is shown
        return not (before > "~" and not _is_mark(before)) and before not in "0123456789#*"
    if unicodedata.category(character) in _HIDDEN_KINDS or _BLANK.match(character):
        return True
    return at >= MOST_MARKS and all(map(_is_mark, text[at - MOST_MARKS : at + 1]))


def _joined(neighbour: str) -> bool:
    return neighbour > "~" and neighbour not in "\u200c\u200d"


def _is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me")
