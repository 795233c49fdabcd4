"""Scenarios: what a conversation is about, who takes part, and what it can be worth to each.

The built-in cases are the YAML files in this folder; the code beside them reads and checks any
scenario, computes payoffs and analyses the space of deals.
"""

from negosim.scenarios._agreement import disagreements
from negosim.scenarios._check import check_scenario
from negosim.scenarios._expression import Expression, read_expression
from negosim.scenarios._issues import Deal, Issue, Option, Range, Value
from negosim.scenarios._load import list_scenarios, load_scenario
from negosim.scenarios._measures import (
    PRIORITY,
    RESERVATION,
    Answer,
    Measure,
    Moment,
    belief_from,
    belief_measure,
)
from negosim.scenarios._parties import (
    ROUND_ROBIN,
    Agreement,
    AgreementRule,
    SpeakingOrder,
    everyone,
    who_agrees,
)
from negosim.scenarios._preferences import (
    issue_points,
    limit_position,
    priority_shares,
    real_limit,
    scale,
)
from negosim.scenarios._rewards import Reward, answer_named
from negosim.scenarios._schema import (
    Fact,
    Payoff,
    ResolutionQuestion,
    Role,
    Scenario,
    Statements,
)
from negosim.scenarios._space import DealSpace, space_summary

__all__ = [
    "PRIORITY",
    "RESERVATION",
    "ROUND_ROBIN",
    "Agreement",
    "AgreementRule",
    "Answer",
    "Deal",
    "DealSpace",
    "Expression",
    "Fact",
    "Issue",
    "Measure",
    "Moment",
    "Option",
    "Payoff",
    "Range",
    "ResolutionQuestion",
    "Reward",
    "Role",
    "Scenario",
    "SpeakingOrder",
    "Statements",
    "Value",
    "answer_named",
    "belief_from",
    "belief_measure",
    "check_scenario",
    "disagreements",
    "everyone",
    "issue_points",
    "limit_position",
    "list_scenarios",
    "load_scenario",
    "priority_shares",
    "read_expression",
    "real_limit",
    "scale",
    "space_summary",
    "who_agrees",
]
