"""The sections of a report, one a file: each turns measures into tables, figures and sentences."""

from collections.abc import Callable

from negosim.reports._corpus import Corpus
from negosim.reports._model import Section
from negosim.reports.sections import (
    _agreement,
    _beliefs,
    _claims,
    _cost,
    _deception,
    _examples,
    _glossary,
    _judges,
    _language,
    _length,
    _mapping,
    _others,
    _outcomes,
    _quality,
    _study,
    _summary,
    _tactics,
    _traits,
)

SECTIONS: tuple[Callable[[Corpus], Section], ...] = (
    _summary.section,
    _mapping.section,
    _study.section,
    _outcomes.section,
    _agreement.section,
    _length.section,
    _deception.section,
    _claims.section,
    _beliefs.section,
    _quality.section,
    _tactics.section,
    _traits.section,
    _language.section,
    _others.section,
    _judges.section,
    _cost.section,
    _examples.section,
    _glossary.section,
)
"""In the order they are read."""

OF_NOTHING = (_summary.section, _cost.section, _glossary.section)
"""Of a run that has no finished dialogue."""
