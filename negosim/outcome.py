"""Outcome of a negotiation, computed from its structured offers."""

import numpy as np

from negosim.records import Outcome
from negosim.scenarios import Scenario
from negosim.table import Table


def outcome_of(scenario: Scenario, table: Table) -> Outcome:
    """Compute the outcome of a finished dialogue, rewards apart.

    Without a deal every role keeps its reservation value, and so does who is no party to one. Where
    no offer was ever made and nobody left, the outcome is unknown: the words may agree, but there is
    nothing to compute with.
    """
    if not scenario.has_deals:
        return Outcome(status="not_applicable")
    space = scenario.space
    deal = table.deal
    if deal is not None:
        number = space.number(deal)
        coalition = tuple(sorted(table.parties)) if table.by_coalition else None
        values = space.values_among(number, coalition)
        return Outcome(
            status="agreement",
            deal=deal,
            coalition=coalition,
            values=tuple(values.tolist()),
            joint_value=float(values.sum()),
            rational=tuple((values >= space.reservations - 1e-9).tolist()),
            pareto_distance=space.pareto_distance(values),
            nash_ratio=space.nash_ratio(number, coalition),
        )
    if table.offers_made == 0 and table.left_by is None:
        return Outcome(status="unknown")
    values = np.asarray(space.reservations)
    return Outcome(status="no_agreement", values=tuple(values.tolist()), joint_value=float(values.sum()))
