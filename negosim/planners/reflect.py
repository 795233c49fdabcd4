"""The planner `reflect`: a private reflection before the utterance."""

from negosim.planners import CONSOLIDATE, REFLECTION, SPEAK, Planner

REFLECT = Planner(
    stages=(REFLECTION, SPEAK, CONSOLIDATE),
    about="a reflection before the utterance",
    source="technical report on negotiation simulation, 3.3, without its rollouts",
)
