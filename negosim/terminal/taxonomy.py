"""A taxonomy as people read it: families of tactics, each with its definition and an example."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from negosim._text import one_line, plural
from negosim.taxonomies import Taxonomy
from negosim.terminal.transcript import words


def taxonomy_view(taxonomy: Taxonomy) -> RenderableType:
    """Return the tactics by family, deceptive ones marked, and the literature."""
    deceptive = sum(tactic.deceptive for tactic in taxonomy.tactics)
    count = f"{plural(len(taxonomy.tactics), 'tactic')}, {deceptive} of them deceptive"
    parts: list[RenderableType] = [Text.assemble((one_line(taxonomy.id), "bold"), f": {count}")]
    for family in dict.fromkeys(tactic.family for tactic in taxonomy.tactics):
        parts += [Text(""), Text(one_line(family).upper(), "bold")]
        for tactic in taxonomy.tactics:
            if tactic.family == family:
                mark = " [deceptive]" if tactic.deceptive else ""
                parts.append(Text.assemble((one_line(tactic.name), "bold"), f" ({tactic.id}){mark}"))
                lines = [words(tactic.definition), words(f"e.g. {tactic.example}", "italic")]
                if tactic.source:
                    lines.append(words(f"source: {tactic.source}", "dim"))
                parts.append(Padding(Group(*lines), (0, 0, 0, 2)))
    if taxonomy.sources:
        parts += [Text(""), Text("SOURCES", "bold"), *(words(f"- {source}") for source in taxonomy.sources)]
    return Group(*parts)
