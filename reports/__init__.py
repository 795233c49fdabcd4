"""Reports on stored runs: PDF, single figures and tables, a short version for the terminal, a trace.

`report_on` measures one run or several and returns a `Report`: sections of sentences, tables and figures
whose every number knows the stored rows it came from. `comparison_of_runs` and `comparison_of_models`
return the same for two of a kind. A report is given a form by `write_pdf`, `write_parts`, `write_trace`
and `print_report`. It reads run folders alone, and works on runs that are not finished or not judged.
"""

from negosim.reports._build import report_on
from negosim.reports._compare import comparison_of_models, comparison_of_runs
from negosim.reports._dialogue_figures import OfferPoint, concession_svg, plane_svg
from negosim.reports._fonts import unshown
from negosim.reports._model import Figure, Missing, Number, Report, ReportTable, Rows, Section
from negosim.reports._numbers import NOTHING, from_estimate, moved_cells, written
from negosim.reports._terminal import print_report
from negosim.reports._write import Paper, check_names, write_parts, write_pdf, write_trace

__all__ = [
    "NOTHING",
    "Figure",
    "Missing",
    "Number",
    "OfferPoint",
    "Paper",
    "Report",
    "ReportTable",
    "Rows",
    "Section",
    "check_names",
    "comparison_of_models",
    "comparison_of_runs",
    "concession_svg",
    "from_estimate",
    "moved_cells",
    "plane_svg",
    "print_report",
    "report_on",
    "unshown",
    "write_parts",
    "write_pdf",
    "write_trace",
    "written",
]
