"""Writing reports to files: whole or not at all."""

from pathlib import Path
from typing import Literal

from negosim._files import write_all, write_whole
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

    Args:
        report: made by `report_on`.
        path: the file to make, which ends in .pdf.
        paper: size of the pages.

    Raises:
        UserError: the file cannot be written, or its name does not end in .pdf.

    """
    from negosim.reports._pdf import pdf

    check_names(pdf=path)
    write_whole(path, pdf(report, paper))


def write_trace(report: Report, path: Path) -> None:
    """Write where every number of a report comes from, a JSON object a line.

    Raises:
        UserError: the file cannot be written, or its name does not end in .jsonl.

    """
    check_names(trace=path)
    write_whole(path, b"".join(trace(report)))


def write_parts(report: Report, folder: Path) -> list[Path]:
    """Write every figure as PNG and SVG and every table as CSV and LaTeX.

    Figures have their numbers beside them as a table of the same name.

    Args:
        report: made by `report_on`.
        folder: where the files go.

    Returns:
        The files.

    Raises:
        UserError: the folder cannot be made or written to.

    """
    from negosim.reports._figures import figure_files
    from negosim.reports._fonts import fonts_for
    from negosim.reports._tables import table_files

    fonts = fonts_for(report)
    files: dict[Path, bytes] = {}
    for section in report.sections:
        parts = [(figure.key, figure_files(figure, fonts)) for figure in section.figures]
        parts += [(f"{figure.key}-data", table_files(figure.data)) for figure in section.figures]
        parts += [(table.key, table_files(table)) for table in section.tables]
        files |= {folder / f"{key}{end}": content for key, ends in parts for end, content in ends.items()}
    write_all(files)
    return list(files)
