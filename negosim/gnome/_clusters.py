"""Distinct domains: titles whose sentence embeddings are near are one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from negosim.judging import embed, embeddings_available

APART = 0.35
"""Cosine distance from which two groups of titles are two domains (average linkage)."""
MOST_EXAMPLES = 12


@dataclass(frozen=True)
class DomainClusters:
    """How many domains there are among titles."""

    titles: int
    """Titles that differ in letters."""
    distinct: int
    """Clusters of them."""
    examples: tuple[str, ...]
    """The commonest title of each of the largest clusters."""
    by: str
    """How they were told apart."""


def domain_clusters(titles: Sequence[str]) -> DomainClusters | None:
    """Count the distinct domains among the titles of mapped dialogues; None where there is no title.

    Titles are clustered by the packaged sentence encoder (average linkage, cosine distance); without the
    extra `[text]` titles are apart if their letters are.

    Examples:
        >>> from negosim.gnome import domain_clusters
        >>> domain_clusters(["a bakery", "A bakery", "a bakery"]).distinct
        1

    """
    counts = Counter(" ".join(title.casefold().split()) for title in titles)
    if not counts:
        return None
    names = sorted(counts)
    if not embeddings_available() or len(names) < 2:
        clusters = list(range(len(names)))
        by = "titles that differ in letters" if len(names) > 1 else "a single title"
    else:
        clusters = _clustered(names)
        by = f"clusters of MiniLM sentence embeddings, average linkage, cosine distance {APART:g}"
    sizes: Counter[int] = Counter()
    first: dict[int, str] = {}
    for name, cluster in sorted(
        zip(names, clusters, strict=True), key=lambda item: (-counts[item[0]], item[0])
    ):
        sizes[cluster] += counts[name]
        first.setdefault(cluster, name)
    examples = tuple(first[cluster] for cluster, _ in sizes.most_common(MOST_EXAMPLES))
    return DomainClusters(len(names), len(sizes), examples, by)


def _clustered(names: Sequence[str]) -> list[int]:
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(embed(tuple(names)), method="average", metric="cosine")
    return [int(cluster) for cluster in fcluster(tree, APART, criterion="distance")]
