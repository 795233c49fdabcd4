"""Writing reports to files: whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from negosim.errors import UserError
from negosim.reports._model import Report
from negosim.reports._trace import trace

Paper = Literal["a4", "letter"]


def check_names(*, pdf: Path | None = None, trace: Path | None = None) -> None:
    """Check the names of files to be written.

    Raises:
        UserError: a name does not end as the file's form asks for.

    """
    for path, suffix, form in ((pdf, ".pdf", "a PDF"), (trace, ".jsonl", "a trace, which is JSON lines")):
        if path is not None and path.suffix.lower() != suffix:
            right = path.with_suffix(suffix) if path.name else path / f"report{suffix}"
            raise UserError(f"{str(path)!r} is no name for {form}; write {str(right)!r}")


def write_pdf(report: Report, path: Path, paper: Paper = "a4") -> None:
    """Write a report as a PDF.

    Raises:
        UserError: the file cannot be written, or its name does not end in .pdf.

    """
    from negosim.reports._pdf import pdf

    check_names(pdf=path)
    _whole(path, lambda: pdf(report, paper))


def write_trace(report: Report, path: Path) -> None:
    """Write where every number of a report comes from, a JSON object a line.

    Raises:
        UserError: the file cannot be written, or its name does not end in .jsonl.

    """
    check_names(trace=path)
    _whole(path, lambda: b"".join(trace(report)))


def write_parts(report: Report, folder: Path) -> list[Path]:
    """Write every figure as PNG and SVG and every table as CSV and LaTeX; return the files.

    Figures have their numbers beside them as a table of the same name.

    Raises:
        UserError: the folder cannot be made or written to.

    """
    from negosim.reports._figures import save_figure
    from negosim.reports._tables import save_table

    files: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for section in report.sections:
            for figure in section.figures:
                files += save_figure(figure, folder, figure.key)
                files += save_table(figure.data, folder, f"{figure.key}-data")
            for table in section.tables:
                files += save_table(table, folder, table.key)
    except OSError as error:
        raise UserError(f"{str(folder)!r} cannot be written: {error.strerror or error}") from None
    return files


def _whole(path: Path, make: Callable[[], bytes]) -> None:
    """Write a file under another name first: what was there before stays until the new one is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise UserError(f"{str(path)!r} is a folder; name a file")
        content = make()
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{str(path)!r} cannot be written: {error.strerror or error}") from None
