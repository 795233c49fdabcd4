"""Measures of runs and of their judgements, with honest intervals.

Rows (`dialogue_rows`, `tactic_rows`, ...) are pandas frames read from a run. Statistics (`estimate`,
`difference`, ...) take such frames, or parts of them, and return numbers with intervals. What they mean
and why they are as they are is in docs/statistics.md.
"""

from negosim.measures._answered import coalition_name
from negosim.measures._answers import people_as_truth
from negosim.measures._calibration import Calibration, calibration
from negosim.measures._check_error import CheckError, corrected, utterance_error
from negosim.measures._clusters import Scope
from negosim.measures._dialogues import dialogue_columns, dialogue_rows
from negosim.measures._difference import Difference, difference, holm
from negosim.measures._errors import ErrorCorrelation, error_correlation
from negosim.measures._estimate import Estimate, estimate
from negosim.measures._judged import belief_rows, judged_rows
from negosim.measures._kind import NegotiationKind, kind_of, kind_warnings
from negosim.measures._language import HashedText, Vocabulary, language
from negosim.measures._lies import KNOWN_ERRORS, ClaimSource, LieRates, lie_rates
from negosim.measures._mixed import COMPONENTS, MixedCheck, mixed_check, smallest_difference
from negosim.measures._moves import offer_rows, tactic_rows
from negosim.measures._order import OrderEffect, PositionBias, order_effects, position_bias
from negosim.measures._rates import CorrectedRate, corrected_rates
from negosim.measures._reliability import Reliability, krippendorff_alpha, reliability
from negosim.measures._shares import entropy, shares
from negosim.measures._solutions import SOLUTIONS, Solutions
from negosim.measures._tables import RunTables, run_tables

__all__ = [
    "COMPONENTS",
    "KNOWN_ERRORS",
    "SOLUTIONS",
    "Calibration",
    "CheckError",
    "ClaimSource",
    "CorrectedRate",
    "Difference",
    "ErrorCorrelation",
    "Estimate",
    "HashedText",
    "LieRates",
    "MixedCheck",
    "NegotiationKind",
    "OrderEffect",
    "PositionBias",
    "Reliability",
    "RunTables",
    "Scope",
    "Solutions",
    "Vocabulary",
    "belief_rows",
    "calibration",
    "coalition_name",
    "corrected",
    "corrected_rates",
    "dialogue_columns",
    "dialogue_rows",
    "difference",
    "entropy",
    "error_correlation",
    "estimate",
    "holm",
    "judged_rows",
    "kind_of",
    "kind_warnings",
    "krippendorff_alpha",
    "language",
    "lie_rates",
    "mixed_check",
    "offer_rows",
    "order_effects",
    "people_as_truth",
    "position_bias",
    "reliability",
    "run_tables",
    "shares",
    "smallest_difference",
    "tactic_rows",
    "utterance_error",
]
