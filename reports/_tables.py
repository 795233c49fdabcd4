"""Tables as files: CSV with the numbers themselves, LaTeX as they are printed."""

from collections.abc import Iterator
from typing import Any

from negosim._csv import csv_text
from negosim.reports._model import Cell, Number, ReportTable, full, text


def table_files(table: ReportTable) -> dict[str, bytes]:
    """Return a table as CSV and LaTeX (booktabs), by the end of the file's name."""
    return {".csv": csv_of(table).encode(), ".tex": latex(table).encode()}


def csv_of(table: ReportTable) -> str:
    """Return a table's numbers unrounded, with their intervals and n in columns of their own; names in full.

    What all rows are about stands first. No two columns have the same name.
    """
    columns: list[tuple[str, list[Any]]] = [(name, [value] * len(table.rows)) for name, value in table.about]
    for place, heading in enumerate(table.columns):
        columns += _columns(full(heading), [row[place] for row in table.rows])
    heads = _different([name for name, _ in columns])
    return csv_text(heads, zip(*(cells for _, cells in columns), strict=True))


def _columns(name: str, cells: list[Cell]) -> Iterator[tuple[str, list[Any]]]:
    numbers = [cell if isinstance(cell, Number) else None for cell in cells]
    yield name, [cell.value if isinstance(cell, Number) else full(cell) for cell in cells]
    if any(number and (number.low is not None or number.note is not None) for number in numbers):
        yield f"{name} low", [number and number.low for number in numbers]
        yield f"{name} high", [number and number.high for number in numbers]
    if any(number and number.n != number.value for number in numbers):
        yield f"{name} n", [number and number.n for number in numbers]


def _different(names: list[str]) -> list[str]:
    """Return names with a number behind those that were there before."""
    taken: set[str] = set()
    for place, name in enumerate(names):
        number = 1
        while names[place] in taken:
            number += 1
            names[place] = f"{name} ({number})"
        taken.add(names[place])
    return names


def latex(table: ReportTable) -> str:
    """Return a table in LaTeX as it is printed, names in full; it needs the package booktabs."""
    import pandas as pd

    shown = pd.DataFrame([[_escaped(full(cell)) for cell in row] for row in table.rows])
    shown.columns = pd.Index([_escaped(full(column)) for column in table.columns])
    layout = "l" * table.words + "r" * (len(table.columns) - table.words)
    about = "".join(f" The {what} is {name}." for what, name in table.about)
    caption = _escaped(text((f"{table.title}. ", *table.caption, table.footnote, about)).strip())
    written = shown.to_latex(index=False, column_format=layout, caption=caption, label=f"tab:{table.key}")
    return str(written)


_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "±": r"$\pm$",
    "–": "--",
    "→": r"$\to$",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "×": r"$\times$",
    "α": r"$\alpha$",
    "κ": r"$\kappa$",
    "ρ": r"$\rho$",
}


def _escaped(words: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in words)
