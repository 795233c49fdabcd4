"""Training policies on trajectories: ILQL, Monte Carlo returns, supervised fine-tuning and its kin.

Needs the extra `[rl]`; importing this package loads torch.
"""
