"""The graph as a picture."""

from negosim.config import Calls, Planner
from negosim.engine._dialogue import dialogue_graph


def mermaid(planner: Planner = "rollout", calls: Calls = "separate") -> str:
    """Return the Mermaid diagram of the dialogue graph with the planner's stages in it, as it runs."""
    return dialogue_graph(planner, calls).get_graph().draw_mermaid()
