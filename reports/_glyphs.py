"""Glyphs of font files: which characters there are, and a small TrueType font of some of them."""

from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

NEEDED = {
    *("GlyphOrder", "head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "name", "post"),
    *("glyf", "loca", "CFF ", "CFF2"),
}
"""Tables of a font that is only drawn with."""
CURVE_ERROR = 1.0
"""Units of the font by which curves may differ when they are written in TrueType's form."""


@cache
def drawable(path: Path) -> frozenset[str]:
    """Return the characters a font file has as outlines; none where it has pictures, or cannot be read."""
    from matplotlib.ft2font import FaceFlags, FT2Font

    try:
        font = FT2Font(str(path))
    except (OSError, RuntimeError):
        return frozenset()
    if FaceFlags.SCALABLE not in font.face_flags:
        return frozenset()
    return frozenset(map(chr, font.get_charmap()))


def cut_to(path: Path, characters: Iterable[str], family: str) -> tuple[bytes, frozenset[str]]:
    """Return a TrueType font, called `family`, of some characters of a font file, and those it really has.

    PDF pages take outlines in TrueType's form alone, and many fonts of Chinese, Japanese and Korean have
    theirs in PostScript's.
    """
    from fontTools.ttLib import TTFont

    try:
        with TTFont(path, fontNumber=0, lazy=True, recalcTimestamp=False) as font:
            return _cut(font, characters, family)
    except Exception:  # whatever is wrong with a font that lies about, the report is made without it
        return b"", frozenset()


def _cut(font: Any, characters: Iterable[str], family: str) -> tuple[bytes, frozenset[str]]:
    from fontTools.subset import Options, Subsetter

    for tag in set(font.keys()) - NEEDED:
        del font[tag]
    subsetter = Subsetter(Options(hinting=False, notdef_outline=True, glyph_names=False, drop_tables=[]))
    subsetter.populate(unicodes=[ord(each) for each in characters])
    subsetter.subset(font)
    if "glyf" not in font:
        _to_truetype(font)
    font["name"].names = []
    for place, name in ((1, family), (2, "Regular"), (4, family), (6, family)):
        font["name"].setName(name, place, 3, 1, 0x409)
    target = BytesIO()
    font.save(target)
    drawn = {code for code, name in font.getBestCmap().items() if font["glyf"][name].numberOfContours}
    return target.getvalue(), frozenset(map(chr, drawn))


def _to_truetype(font: Any) -> None:
    """Write the outlines of a font in TrueType's form."""
    from fontTools.pens.cu2quPen import Cu2QuPen
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import newTable

    order, outlines = font.getGlyphOrder(), font.getGlyphSet()
    glyphs = {}
    for name in order:
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, CURVE_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    for name, (width, _) in font["hmtx"].metrics.items():
        glyphs[name].recalcBounds(font["glyf"])
        font["hmtx"].metrics[name] = (width, getattr(glyphs[name], "xMin", 0))
    for tag in ("CFF ", "CFF2"):
        if tag in font:
            del font[tag]
    maxp = font["maxp"]
    maxp.tableVersion, maxp.maxZones = 0x00010000, 1
    for field in (
        "maxTwilightPoints",
        "maxStorage",
        "maxFunctionDefs",
        "maxInstructionDefs",
        "maxStackElements",
        "maxSizeOfInstructions",
    ):
        setattr(maxp, field, 0)
    maxp.maxComponentElements = 0
    font["post"].formatType = 3.0
    font.sfntVersion = "\000\001\000\000"
