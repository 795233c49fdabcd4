"""Sources of trajectories: run folders, and published data sets as they are published."""

from negosim.rl.sources._detect import Detected, detect
from negosim.rl.sources._prepare import BadRows, prepare
from negosim.rl.sources._source import Found, Source, SourceFile

__all__ = ["BadRows", "Detected", "Found", "Source", "SourceFile", "detect", "prepare"]
