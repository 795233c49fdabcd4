"""The embedded simulated negotiator: no model, no key, real economics, and claims with known truth."""

from negosim.agents.sim.agent import SIM, SimAgent
from negosim.agents.sim.authored import check_lines, check_taxonomy, wordless
from negosim.agents.sim.judge import SimJudge

__all__ = ["SIM", "SimAgent", "SimJudge", "check_lines", "check_taxonomy", "wordless"]
