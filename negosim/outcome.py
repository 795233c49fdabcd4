"""Outcome of a negotiation, computed from its structured offers."""

import numpy as np

from negosim.records import End, Outcome
from negosim.scenarios import Scenario
from negosim.table import Table


def outcome_of(scenario: Scenario, table: Table, end: End | None = None) -> Outcome:
    """Compute the outcome of a finished dialogue, rewards apart.

    Without a deal every role keeps its reservation value, and so does who is no party to one. Where all said
    that the conversation was over with issues still open, it was abandoned. Where it was cut short, no offer
    was ever made and nobody left, the outcome is unknown: the words may agree, but there is nothing to
    compute with.

    Args:
        scenario: what it was about.
        table: the table after the last turn.
        end: why it ended, where that is known.

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
    abandoned = end == "concluded" and table.left_by is None
    if table.offers_made == 0 and table.left_by is None and not abandoned:
        return Outcome(status="unknown")
    values = np.asarray(space.reservations)
    return Outcome(
        status="abandoned" if abandoned else "no_agreement",
        values=tuple(values.tolist()),
        joint_value=float(values.sum()),
    )
