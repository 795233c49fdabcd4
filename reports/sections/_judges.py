"""stub"""

from negosim.reports._model import Section


def section(corpus):
    """."""
    return Section("judges", "Judges", (("Nothing yet.",),))
