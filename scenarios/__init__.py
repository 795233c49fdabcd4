"""Scenarios: what a negotiation is about, who takes part, and what every deal is worth to each.

The built-in cases are the YAML files in this folder; the code beside them reads and checks any
scenario, computes payoffs and analyses the space of deals.
"""

from negosim.scenarios._agreement import disagreements
from negosim.scenarios._check import check_scenario
from negosim.scenarios._load import list_scenarios, load_scenario
from negosim.scenarios._preferences import (
    issue_points,
    limit_position,
    priority_shares,
    real_limit,
    scale,
)
from negosim.scenarios._schema import (
    Deal,
    Fact,
    Issue,
    Option,
    Payoff,
    Range,
    ResolutionQuestion,
    Role,
    Scenario,
    Statements,
    Value,
)
from negosim.scenarios._space import DealSpace, space_summary

__all__ = [
    "Deal",
    "DealSpace",
    "Fact",
    "Issue",
    "Option",
    "Payoff",
    "Range",
    "ResolutionQuestion",
    "Role",
    "Scenario",
    "Statements",
    "Value",
    "check_scenario",
    "disagreements",
    "issue_points",
    "limit_position",
    "list_scenarios",
    "load_scenario",
    "priority_shares",
    "real_limit",
    "scale",
    "space_summary",
]
