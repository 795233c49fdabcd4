"""Names of the outcomes that can be declared primary before a run is made."""

from collections.abc import Iterable

from negosim.judging._questions import list_question_sets, load_question_set
from negosim.measures import dialogue_columns
from negosim.scenarios import Scenario

NO_OUTCOMES = frozenset(("id", "scenario", "condition", "index", "seed", "status", "end", "opener"))
"""Columns of a dialogue that say what it is, not what it came to."""
OF_WORDS = frozenset(("outcome", "coalition"))
"""Columns that hold text."""


def declarable_outcomes(scenarios: Iterable[Scenario]) -> list[str]:
    """Return what can be declared as a primary outcome of a run of some scenarios.

    Numeric columns of `dialogue_rows`, and questions that judges answer with yes, no or a number, by id:
    of one about each agent, "ID:2" is what is said about agent 2.

    Examples:
        >>> from negosim.judging import declarable_outcomes
        >>> from negosim.scenarios import load_scenario
        >>> "agreed" in declarable_outcomes([load_scenario("viatex")])
        True

    """
    known = list(scenarios)
    names = [name for name in dialogue_columns(known) if name not in NO_OUTCOMES | OF_WORDS]
    names = [name for name in names if not name.startswith("model_")]
    agents = max(len(scenario.roles) for scenario in known)
    for name in sorted(list_question_sets()):
        for question in load_question_set(name).questions:
            if question.answer in ("yes_no", "scale"):
                names.append(question.id)
                if question.about == "agent":
                    names += [f"{question.id}:{agent + 1}" for agent in range(agents)]
    return list(dict.fromkeys(names))
