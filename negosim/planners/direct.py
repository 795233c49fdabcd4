"""The planner `direct`: the utterance in one call, as a plain chat model answers."""

from negosim.planners import SPEAK, Planner

DIRECT = Planner(
    stages=(SPEAK,),
    about="the utterance in one call",
    source="the plain model, without any planning",
)
