"""Sources of trajectories: run folders, and whatever `negosim import` reads."""

from negosim.rl.sources._prepare import prepare

__all__ = ["prepare"]
