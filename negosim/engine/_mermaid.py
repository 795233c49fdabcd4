"""The graph as a picture."""

from negosim.config import Calls, Planner


def mermaid(planner: Planner = "rollout", calls: Calls = "separate") -> str:
    """Return the Mermaid diagram of the dialogue graph with the planner's stages in it, as it runs."""
    from negosim.engine._dialogue import dialogue_graph

    return dialogue_graph(planner, calls).get_graph().draw_mermaid()
