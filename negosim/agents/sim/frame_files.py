"""The words there are: pools of templates, those of each tactic, kept as YAML and compiled once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from negosim.agents.sim.grammar import Template
from negosim.agents.sim.nodes import Paraphrases

Pool = tuple[Template, ...]


def read_data(name: str) -> str:
    """Read one of the files in `frames/`."""
    return (files("negosim.agents.sim") / "frames" / name).read_text(encoding="utf-8")


def load_data(name: str) -> Any:
    """Read and parse one of the files in `frames/`."""
    return yaml.load(read_data(name), Loader=yaml.CSafeLoader)


@dataclass(frozen=True)
class TacticFrames:
    """How a tactic is put into words, and when and how it bargains."""

    weights: tuple[float, float, float]
    """Its use early, in the middle and late."""
    stance: str
    """What it does to the offer: "firm", "fair", "give" or "step" (one issue at a time)."""
    frames: Pool
    short: Pool
    """For turns of a few words."""
    closing: Pool

    @cached_property
    def all(self) -> frozenset[Template]:
        """Every template of it."""
        return frozenset((*self.frames, *self.short, *self.closing))

    @cached_property
    def retreats(self) -> bool:
        """Whether the tactic lives on a step back from an earlier demand."""
        return all("was" in frame.needs for frame in self.frames)


@dataclass(frozen=True)
class Library:
    """Every template there is."""

    pools: Mapping[str, Pool]
    tactics: Mapping[str, TacticFrames]
    neutral: TacticFrames
    """For tactics of other taxonomies that have no words of their own."""


@lru_cache(maxsize=1)
def paraphrases() -> Paraphrases:
    """Read the sets of paraphrases, once in a process."""
    return Paraphrases(load_data("paraphrases.yaml"))


@lru_cache(maxsize=1)
def library() -> Library:
    """Read and compile the templates, once in a process."""
    pools: dict[str, Pool] = {}
    for name in ("reactions", "heard", "moves", "claims", "thoughts", "replies"):
        _gather(name, load_data(f"{name}.yaml"), pools)
    tactics = {tactic: _tactic(entry) for tactic, entry in load_data("tactics.yaml").items()}
    return Library(pools, tactics, tactics.pop("neutral"))


def _gather(name: str, data: Any, pools: dict[str, Pool]) -> None:
    if isinstance(data, list):
        pools[name] = tuple(Template(source, paraphrases()) for source in data)
    else:
        for key, value in data.items():
            _gather(f"{name}.{key}", value, pools)


def _tactic(entry: Mapping[str, Any]) -> TacticFrames:
    def pool(key: str) -> Pool:
        return tuple(Template(source, paraphrases()) for source in entry.get(key, ()))

    return TacticFrames(
        tuple(entry["weights"]), entry["stance"], pool("frames"), pool("short"), pool("closing")
    )
