"""Fonts for what a report says: the report's own, and for other characters those the system has."""

import hashlib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from negosim.reports._glyphs import cut_to, drawable
from negosim.reports._model import Figure, Missing, Prose, Report, ReportTable

OWN = "DejaVu Sans"
"""The font of text and figures; matplotlib brings it."""
NAMED = 8
"""Characters named in a sentence."""
BARE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))
"""Unicode's kinds of characters that show nothing."""


@dataclass(frozen=True)
class Fallback:
    """A font for some characters, cut down to them."""

    family: str
    characters: frozenset[str]
    content: bytes
    """A TrueType file."""


@dataclass(frozen=True)
class Fonts:
    """Which font shows which characters of a report."""

    fallbacks: tuple[Fallback, ...]
    missing: tuple[str, ...]
    """Characters that no font has."""

    def runs(self, text: str, own: str) -> Iterator[tuple[str, str]]:
        """Yield a text in pieces of one font each: (family, piece); `own` is the one that text is set in."""
        for family, piece in groupby(text, lambda character: self._family(character) or own):
            yield family, "".join(piece)

    def _family(self, character: str) -> str | None:
        return next((each.family for each in self.fallbacks if character in each.characters), None)


def fonts_for(report: Report) -> Fonts:
    """Return the fonts that a report needs besides its own."""
    said = frozenset("".join(_texts(report)))
    return _fonts_of(frozenset(each for each in said - _own() if unicodedata.category(each) not in BARE))


def unshown(report: Report) -> str | None:
    """Return one sentence on the characters that no font here has, None where all can be shown."""
    missing = fonts_for(report).missing
    if not missing:
        return None
    named = [f"{each} (U+{ord(each):04X})" for each in missing[:NAMED]]
    more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
    return (
        f"no font on this machine has {', '.join(named)}{more}, so figures and the PDF show boxes for them; "
        "install a font that has them, for example Noto Sans CJK or Symbola"
    )


def boxes(fonts: Fonts) -> Prose | None:
    """Return the same for the report itself, which can only name them; None where all can be shown."""
    if not fonts.missing:
        return None
    codes = ", ".join(f"U+{ord(each):04X}" for each in fonts.missing[:NAMED])
    more = f" and {len(fonts.missing) - NAMED:,} more" if len(fonts.missing) > NAMED else ""
    return (f"Boxes stand for characters that no font on the machine had: {codes}{more}.",)


@cache
def _own() -> frozenset[str]:
    import matplotlib as mpl

    return drawable(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@cache
def _fonts_of(wanted: frozenset[str]) -> Fonts:
    """Take fonts until all characters are covered, each time the one that has most of the rest."""
    fallbacks: list[Fallback] = []
    left = wanted
    for path in _system_fonts() if left else ():
        if not drawable(path) & left:
            continue
        usable = sorted(drawable(path) & left)
        family = f"negosim-{hashlib.sha256(f'{path} {usable}'.encode()).hexdigest()[:12]}"
        content, known = cut_to(path, usable, family)
        if known:
            fallbacks.append(Fallback(family, known, content))
            left -= known
        if not left:
            break
    return Fonts(tuple(fallbacks), tuple(sorted(left)))


def _system_fonts() -> list[Path]:
    """Return the system's font files, plain upright ones first."""
    from matplotlib.font_manager import findSystemFonts

    def place(path: Path) -> tuple[int, str]:
        name = path.stem.casefold()
        odd = sum(word in name for word in ("bold", "italic", "oblique", "black", "light", "mono", "serif"))
        return odd, name

    return sorted({Path(each) for each in findSystemFonts()}, key=place)


def _texts(report: Report) -> Iterator[str]:
    yield from (report.title, report.subtitle, report.footer)
    yield from _of_table(report.facts)
    for prose in report.notices:
        yield from map(str, prose)
    for section in report.sections:
        yield section.title
        for block in section.blocks:
            if isinstance(block, ReportTable):
                yield from _of_table(block)
            elif isinstance(block, Figure):
                yield from (block.title, *block.words, *map(str, block.caption))
                yield from _of_table(block.data)
            elif isinstance(block, Missing):
                yield from (block.what, block.command or "")
            else:
                yield from map(str, block)


def _of_table(table: ReportTable) -> Iterator[str]:
    yield table.title
    yield from map(str, (*table.caption, *table.columns))
    for row in table.rows:
        yield from map(str, row)
