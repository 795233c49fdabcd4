"""Where trajectories come from: run folders, and published data sets as they are published."""

from negosim.rl.sources._detect import detect
from negosim.rl.sources._prepare import BadRows, prepare
from negosim.rl.sources._source import Found, Source

__all__ = ["BadRows", "Found", "Source", "detect", "prepare"]
