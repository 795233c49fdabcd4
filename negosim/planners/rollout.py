"""The planner `rollout`: reflection, K tactics, a mini-dialogue for each, the best of K by a judge."""

from negosim.planners import CONSOLIDATE, JUDGE, PLAN, REFLECTION, ROLLOUTS, SPEAK, TACTICS, THINK, Planner

ROLLOUT = Planner(
    stages=(REFLECTION, TACTICS, ROLLOUTS, JUDGE, SPEAK, CONSOLIDATE),
    combined=(PLAN, ROLLOUTS, JUDGE, SPEAK, CONSOLIDATE),
    fused=(THINK, JUDGE, SPEAK, CONSOLIDATE),
    about="reflection, K tactics, a rollout of each at once, the best one by a judge",
    source="technical report on negotiation simulation, 3.3",
)
