"""Plan of a mapping: the seeds, the domain of each copy, the settings that make it the same again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negosim._files import check_free
from negosim.errors import UserError
from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._domains import FREE, DomainMemory, rule_domains, wished_domains
from negosim.gnome._labels import map_digest
from negosim.gnome._mappers import RULES, MappingJob
from negosim.gnome._skew import seed_set
from negosim.gnome._sources import labelled
from negosim.models import ChatModel, GivenModel, ModelSpec, name_of
from negosim.prompts import AREAS, Templates, area_templates
from negosim.store import Run

COPIES = 10
"""Mappings of each seed dialogue, as the paper has it."""


@dataclass(frozen=True)
class MappingPlan:
    """A mapping before anything of it is made."""

    out: Path
    mapper: str
    seeds: Sequence[StrategyDialogue]
    jobs: Sequence[MappingJob]
    """In the order in which their answers are stored."""
    settings: dict[str, Any]
    """What decides the answers; a mapping goes on under the same alone."""
    specs: Mapping[str, ModelSpec]
    """The model to be opened, by its name; none for the rules, or a model of the caller's own."""
    templates: Templates


def mapping_plan(
    runs: Sequence[Run],
    out: str | Path,
    mapper: GivenModel,
    given: Mapping[str, ChatModel],
    copies: int,
    top: int,
    domains: Sequence[str],
    seed: int,
    prompts: str | Path | None,
) -> MappingPlan:
    """Return what a mapping is to make; the arguments are those of `map_dialogues`.

    Raises:
        UserError: an argument is wrong, or there is nothing to map.

    """
    place, name = Path(out).expanduser(), name_of(mapper)
    if not isinstance(name, str):
        raise UserError(f"mapper {mapper!r} is neither {RULES!r} nor a chat model")
    if copies < 1:
        raise UserError(f"copies must be at least 1, not {copies}")
    check_free(place)
    seeds = seed_set(labelled(runs).dialogues, top)
    if not seeds:
        raise UserError("the runs have no labelled dialogue that can be mapped: see negosim gnome sources")
    if mapped := next((item for item in seeds if item.parent is not None), None):
        raise UserError(f"{mapped.id!r} is mapped already; name the runs it was mapped from")
    templates = area_templates("gnome", prompts)
    settings: dict[str, Any] = {
        "mapper": name,
        "copies": copies,
        "top": top,
        "seed": seed,
        "domains": list(_domains(name, domains)),
        "seed_set": _digest(seeds),
        "label_map": map_digest(),
        "prompts": None if name == RULES else templates.hash(AREAS["gnome"]),
    }
    specs = {} if name == RULES or name in given else {name: _spec(name)}
    return MappingPlan(place, name, seeds, _jobs(seeds, settings), settings, specs, templates)


def _domains(mapper: str, given: Sequence[str]) -> Sequence[str]:
    if mapper == RULES:
        if tuple(given) == (FREE,):
            raise UserError("the rule-based mapper cannot name domains of its own; leave the domains out")
        return [domain.name for domain in rule_domains(given)]
    return given or wished_domains()


def _digest(seeds: Sequence[StrategyDialogue]) -> str:
    content = repr([(seed.source, seed.id, seed.group, seed.about, seed.utterances) for seed in seeds])
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def _jobs(seeds: Sequence[StrategyDialogue], settings: Mapping[str, Any]) -> list[MappingJob]:
    """Return what is to be mapped, all dialogues once, then again, so that a part is spread over all."""
    memory = DomainMemory(settings["domains"], settings["seed"])
    free = settings["domains"] == [FREE]
    return [
        MappingJob(
            dialogue, copy, "" if free else memory.draw(f"{dialogue.source}:{dialogue.id}"), settings["seed"]
        )
        for copy in range(1, settings["copies"] + 1)
        for dialogue in seeds
    ]


def _spec(name: str) -> ModelSpec:
    """Return the model's settings: temperature 1 where its name sets no other."""
    spec = ModelSpec.parse(name)
    if not spec.chats:
        raise UserError(f"{name!r} plays and maps nothing; name a chat model, or {RULES!r}")
    if "temperature=" not in name.partition("?")[2]:
        spec = spec.model_copy(update={"temperature": 1.0})
    return spec
