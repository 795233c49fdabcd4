"""Characters that the report's own font lacks: another font shows them, or they are named once."""

import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from matplotlib.font_manager import fontManager
from pypdf import PdfReader

from negosim import Run
from negosim.cli import main
from negosim.reports import _fonts, report_on, unshown, write_parts, write_pdf


def make_font(path: Path, characters: str) -> Path:
    """Make a font with PostScript outlines, as most of Chinese and Japanese have: a square a character."""
    pen = T2CharStringPen(1000, None)
    for step, place in enumerate(((0, 0), (0, 900), (900, 900), (900, 0))):
        (pen.lineTo if step else pen.moveTo)(place)
    pen.closePath()
    square = pen.getCharString()
    names = [".notdef", *(f"uni{ord(each):X}" for each in characters)]
    builder = FontBuilder(1000, isTTF=False)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(each): f"uni{ord(each):X}" for each in characters})
    builder.setupCFF("Squares", {"FullName": "Squares"}, dict.fromkeys(names, square), {})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture(name="foreign")
def _foreign(unjudged: Run, tmp_path: Path) -> Run:
    """A run whose folder has characters in its name that the report's own font lacks."""
    shutil.copytree(unjudged.path, tmp_path / "工作室-🏺")
    return Run.open(tmp_path / "工作室-🏺")


@pytest.fixture(autouse=True)
def _forget() -> None:
    _fonts._fonts_of.cache_clear()


def test_a_font_of_the_system_shows_them(
    foreign: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign.path.rename(tmp_path / "工作室")  # the PDF library names characters beyond U+FFFF wrongly
    foreign = Run.open(tmp_path / "工作室")
    font = make_font(tmp_path / "squares.otf", "工作室🏺")
    (tmp_path / "broken.ttf").write_bytes(b"\0\1\0\0 no font")
    monkeypatch.setattr(_fonts, "_system_fonts", lambda: [tmp_path / "broken.ttf", font])
    report = report_on([foreign])
    report = replace(report, sections=report.sections[:2])
    assert unshown(report) is None
    known = list(fontManager.ttflist), dict(mpl.rcParams)
    write_pdf(report, tmp_path / "a.pdf")
    write_pdf(report, tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert (list(fontManager.ttflist), dict(mpl.rcParams)) == known
    said = PdfReader(tmp_path / "a.pdf").pages[0].extract_text()
    assert said.count("工作室") >= 2  # subtitle and footer


def test_what_no_font_has_is_named_once(
    foreign: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_fonts, "_system_fonts", list)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SystemExit, match="0"):
            main(["report", str(foreign.path), "--out", str(tmp_path / "a.pdf")])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "作 (U+4F5C), 室 (U+5BA4), 工 (U+5DE5), 🏺 (U+1F3FA)" in said
    pages = "".join(page.extract_text() for page in PdfReader(tmp_path / "a.pdf").pages)
    assert " ".join(pages.split()).count("U+4F5C, U+5BA4, U+5DE5, U+1F3FA") == 1


def test_figures_warn_of_no_glyph(unjudged: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fonts, "_system_fonts", list)
    scenario = next(iter(unjudged.header.scenarios.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monkeypatch.setitem(
            unjudged.header.scenarios, scenario.id, scenario.model_copy(update={"title": "工"})
        )
        report = report_on([unjudged])
        sections = tuple(one for one in report.sections if one.key == "outcomes")
        assert "工" in (unshown(report) or "")
        write_parts(replace(report, sections=sections), tmp_path / "parts")
