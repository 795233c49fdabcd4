"""Names of agents, conditions, questions and judges in a report."""

from negosim.records import SIMULATED, THIRD_PARTY, TRUTH, UNKNOWN


def condition(name: str) -> str:
    """Return a condition in words: "agent 2 may lie"."""
    if name == "honest":
        return "honest"
    if name == UNKNOWN:
        return "condition unknown"
    agents = name.removeprefix("deceptive-").split("-")
    return f"agent {agents[0]} may lie" if len(agents) == 1 else f"agents {' and '.join(agents)} may lie"


def perspective(name: str) -> str:
    """Return a perspective in words: "third party", "agent 1"; the truth is the record's."""
    if name == TRUTH:
        return "record"
    return "third party" if name == THIRD_PARTY else name.replace("_", " ")


def agent(position: int) -> str:
    """Return what a role is called in tables: "agent 1"."""
    return f"agent {position + 1}"


def model(name: str) -> str:
    """Return a model as named; the simulated negotiator is no language model and is said so."""
    return "simulated negotiator (sim)" if name == SIMULATED else name
