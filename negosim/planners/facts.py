"""Sources of facts that a speaker's claims are checked against: its own side, or a folder of documents.

Passages are found by BM25 (Robertson & Zaragoza 2009) over their words, or by the meaning of sentences. Of
the scenario only what is public and the speaker's own side is taken.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rank_bm25 import BM25Plus

from negosim.errors import UserError
from negosim.judging import embed
from negosim.views import Side

SUFFIXES = (".txt", ".md")
"""Files of a folder of documents that are read."""

MOST_PASSAGE = 1200
"""Characters of a passage; a longer paragraph is cut into sentences."""

Index = Literal["bm25", "embedding"]

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_PARAGRAPH = re.compile(r"\n\s*\n")
_EMPTY = frozenset(
    _WORD.findall(
        "a an and are as at be been but by can could do does for from had has have he her his i if in is it "
        "its me my no not of on or our she so than that the their them there they this to us was we were "
        "what when which who will with would you your"
    )
)


class FactBase:
    """Passages, and finding those that a claim could rest on."""

    def __init__(self, passages: Sequence[str], index: Index = "bm25") -> None:
        """Take the passages, in any order."""
        self._passages = tuple(dict.fromkeys(passages))
        self._index = index
        words = [_words(passage) for passage in self._passages]
        self._sets = [frozenset(each) for each in words]
        self._bm25 = BM25Plus([each or ["-"] for each in words]) if words and index == "bm25" else None

    def __len__(self) -> int:
        return len(self._passages)

    def find(self, text: str, most: int) -> tuple[str, ...]:
        """Return the passages nearest to a text, the nearest first; by BM25 only such that share a word.

        Examples:
            >>> base = FactBase(["The mill runs at night.", "Wool is sold in June."])
            >>> base.find("When do you sell wool?", 2)
            ('Wool is sold in June.',)

        """
        if not self._passages:
            return ()
        if self._bm25 is None:
            similar = embed(self._passages) @ embed((text,))[0]
            places = sorted(range(len(self)), key=lambda place: -similar[place])
        else:
            asked = _words(text)
            scores = self._bm25.get_scores(asked)
            places = [place for place in range(len(self)) if self._sets[place] & set(asked)]
            places.sort(key=lambda place: -scores[place])
        return tuple(self._passages[place] for place in places[:most])


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in _EMPTY]


def fact_base(side: Side, index: Index) -> FactBase:
    """Return what a role knows: the public context, its brief, and all that its side says to be true."""
    role = side.role
    texts = [side.context, role.brief, role.alternative, *role.interests, *role.secrets]
    texts += [reason for reasons in role.arguments.values() for reason in reasons]
    for told in (role.disclosures.alternative, role.disclosures.deadline, role.disclosures.fact):
        texts += told
    texts += [fact.text if fact.true else f"It is not true that: {fact.text}" for fact in role.facts]
    passages = [part for text in texts for part in _sentences(text)]
    for issue in side.issues:
        passages += _sentences(issue.description or "")
    return FactBase(passages, index)


@lru_cache(maxsize=16)
def _read(folder: str, index: Index, digest: str) -> FactBase:
    return FactBase([part for text in _texts(folder) for part in _paragraphs(text)], index)


def document_base(folder: str, index: Index) -> FactBase:
    """Return the passages of a folder's documents.

    Raises:
        UserError: there is no such folder, or nothing in it to read.

    """
    return _read(folder, index, document_digest(folder))


def document_digest(folder: str) -> str:
    """Return a hash over a folder's documents.

    Raises:
        UserError: there is no such folder, or nothing in it to read.

    """
    digest = hashlib.sha256()
    texts = list(_texts(folder))
    if not any(text.strip() for text in texts):
        raise UserError(f"{folder}: has no documents; put {' or '.join(SUFFIXES)} files there")
    for text in texts:
        digest.update(text.encode() + b"\x00")
    return f"sha256:{digest.hexdigest()[:16]}"


def _texts(folder: str) -> Iterator[str]:
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise UserError(f"no folder {folder!r}; give one that holds {' or '.join(SUFFIXES)} files")
    for file in sorted(place.rglob("*")):
        if file.suffix in SUFFIXES and file.is_file():
            try:
                yield file.read_text(encoding="utf-8-sig")
            except UnicodeDecodeError:
                raise UserError(f"{file}: not UTF-8 text; save it as UTF-8") from None
            except OSError as error:
                raise UserError(f"{file}: cannot be read: {error.strerror or error}") from None


def _sentences(text: str) -> list[str]:
    return [" ".join(part.split()) for part in _SENTENCE.split(text.strip()) if part.strip()]


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in _PARAGRAPH.split(text):
        whole = " ".join(paragraph.split())
        if 0 < len(whole) <= MOST_PASSAGE:
            yield whole
        elif whole:
            yield from (part[:MOST_PASSAGE] for part in _sentences(whole))
