"""Tables as files: CSV with the numbers themselves, LaTeX as they are printed."""

from typing import TYPE_CHECKING

from negosim.reports._model import Number, Table, text

if TYPE_CHECKING:
    import pandas as pd


def table_files(table: Table) -> dict[str, bytes]:
    """Return a table as CSV and LaTeX (booktabs), by the end of the file's name."""
    return {".csv": values(table).to_csv(index=False).encode(), ".tex": latex(table).encode()}


def values(table: Table) -> "pd.DataFrame":
    """Return a table's numbers unrounded; where there are intervals, in columns of their own, and n."""
    import pandas as pd

    return pd.DataFrame([_row(table, row) for row in table.rows])


def latex(table: Table) -> str:
    """Return a table in LaTeX as it is printed; it needs the package booktabs."""
    import pandas as pd

    shown = pd.DataFrame([[_escaped(str(cell)) for cell in row] for row in table.rows])
    shown.columns = pd.Index([_escaped(column) for column in table.columns])
    layout = "l" * table.words + "r" * (len(table.columns) - table.words)
    caption = _escaped(text((f"{table.title}. ", *table.caption, table.footnote)).strip())
    written = shown.to_latex(index=False, column_format=layout, caption=caption, label=f"tab:{table.key}")
    return str(written)


def _row(table: Table, row: tuple[object, ...]) -> dict[str, object]:
    cells: dict[str, object] = {}
    for column, cell in zip(table.columns, row, strict=True):
        if not isinstance(cell, Number):
            cells[column] = cell
            continue
        cells[column] = cell.value
        if cell.low is not None or cell.note is not None:
            cells[f"{column} low"], cells[f"{column} high"] = cell.low, cell.high
        if cell.n != cell.value:
            cells[f"{column} n"] = cell.n
    return cells


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
