"""The graph as a picture."""

from negosim.config import Calls
from negosim.engine._planners import planner_of


def mermaid(planner: str = "rollout", calls: Calls = "separate") -> str:
    """Return the Mermaid diagram of the dialogue graph with the planner's stages in it, as it runs."""
    from negosim.engine._dialogue import dialogue_graph

    return dialogue_graph(planner_of(planner).chain(calls)).get_graph().draw_mermaid()
