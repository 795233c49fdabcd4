"""Short forms of long names, all different: what differs is never called the same."""

from collections import Counter
from collections.abc import Iterable, Iterator

MOST = 36
"""Characters of a name in a table."""
HEAD = 12
"""Of these, the beginning that is kept where the middle is left out."""


def shortened(identities: Iterable[str]) -> dict[str, str]:
    """Return the shortest form of each model's or judge's name that no other one has.

    A name loses its parameters and server, then all but its beginning and what first tells it from the
    name most like it; where that is not enough it stands in full.

    Examples:
        >>> shortened(["openai:small@https://a.example/v1", "sim"])
        {'openai:small@https://a.example/v1': 'openai:small', 'sim': 'sim'}
        >>> list(shortened(["openai:small?seed=1", "openai:small?seed=2"]).values())
        ['openai:small?seed=1', 'openai:small?seed=2']

    """
    names = list(dict.fromkeys(identities))
    forms = {name: list(dict.fromkeys(_forms(name, names))) for name in names}
    at = dict.fromkeys(names, 0)
    while True:
        chosen = {name: forms[name][place] for name, place in at.items()}
        counts = Counter(chosen.values())
        again = [name for name in names if counts[chosen[name]] > 1 and at[name] + 1 < len(forms[name])]
        if not again:
            return chosen
        for name in again:
            at[name] += 1


def _forms(name: str, names: list[str]) -> Iterator[str]:
    bare = name.split("?", 1)[0].split("@http", 1)[0]
    yield _cut(bare, MOST)
    shared = max((_shared(name, other) for other in names if other != name), default=0)
    start = max(HEAD, shared - 3)
    yield _cut(name, MOST) if start <= HEAD + 1 else f"{name[:HEAD]}…{_cut(name[start:], MOST - HEAD - 1)}"
    yield name


def _shared(a: str, b: str) -> int:
    """Return how many characters two names begin with alike."""
    return next(
        (place for place, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
