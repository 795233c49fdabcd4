"""Differences between runs that are reported together: they are said, never mixed in silence."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from negosim.reports._corpus import Corpus, cap_of
from negosim.reports._model import Prose, Section
from negosim.reports._sentences import listing

OF_EVERY_RUN = ("schema_version", "scenarios", "dialogues", "conditions", "concurrency", "primary", "seed")
"""Settings in which runs may differ without their dialogues being of another kind."""
NAMES = {"calls": "calls a turn"}
APART = {"length": ("cap on utterances",)}
"""What a section tells apart by itself."""
OF_NO_DIALOGUE = ("glossary",)


def differing(corpus: Corpus) -> dict[str, str]:
    """Return in which settings the runs differ, with their values in words, by the setting's name."""
    found: dict[str, str] = {}
    for name, values in _settings(corpus):
        different = list(dict.fromkeys(values))
        if len(different) > 1:
            found[NAMES.get(name, name.replace("_", " "))] = "; ".join(different)
    return found


def _settings(corpus: Corpus) -> Iterator[tuple[str, list[str]]]:
    configs = [run.config for run in corpus.runs]
    for name in type(configs[0]).model_fields:
        if name not in (*OF_EVERY_RUN, "max_turns"):
            yield name, [_said(getattr(config, name)) for config in configs]
    yield "cap on utterances", [f"at most {cap}" if cap else "none" for cap in map(cap_of, corpus.runs)]
    prints = [run.header.fingerprint for run in corpus.runs]
    common = set.intersection(*(set(each.prompts) for each in prints))
    for name, hashes in (
        ("prompts", [[each.prompts[key] for key in sorted(common)] for each in prints]),
        ("taxonomies", [sorted(each.taxonomies.items()) for each in prints]),
        ("parameters of models", [each.models for each in prints]),
        ("plugins", [sorted(each.plugins.items()) for each in prints]),
    ):
        kinds = list(dict.fromkeys(map(repr, hashes)))
        yield name, [f"kind {kinds.index(repr(each)) + 1}" for each in hashes]
    yield "version of negosim", [each.versions.get("negosim", "unknown") for each in prints]


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " and ".join(map(str, value))
    return str(value)


def pooled(section: Section, differences: dict[str, str]) -> Section:
    """Return a section that says in what the dialogues differ that it takes together."""
    left = [name for name in differences if name not in APART.get(section.key, ())]
    if not left or section.key in OF_NO_DIALOGUE or not section.blocks:
        return section
    said: Prose = (f"Taken together here, though they differ: runs of different {listing(left)}.",)
    brief, *more = (
        table and replace(table, caption=(*table.caption, " ", *said))
        for table in (section.brief, *section.more)
    )
    shown = tuple(table for table in more if table is not None)
    return replace(section, blocks=(said, *section.blocks), brief=brief, more=shown)


def notice(differences: dict[str, str]) -> Prose | None:
    """Return what the title page says of them."""
    if not differences:
        return None
    listed = listing([f"{name} ({values})" for name, values in differences.items()])
    return (
        f"The runs differ in {listed}. Sections that take them together say so; negosim report --compare "
        "sets two runs side by side.",
    )
