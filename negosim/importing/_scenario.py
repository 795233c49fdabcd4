"""Scenarios of imported conversations: made from what a source says, without a file."""

import re
from collections.abc import Mapping, Sequence

from negosim._fields import plain_words
from negosim.scenarios import Issue, Range, Role, Scenario, Value
from negosim.scenarios import Option as IssueOption

TAKES_PART = "You take part in this conversation."
"""The brief of somebody of whom it is not known what they were told."""

_NO_SLUG = re.compile("[^a-z0-9]+")


def slug(text: str, fallback: str = "unnamed") -> str:
    """Return an id made from a text: "Counter Offer" is "counter-offer"."""
    return _NO_SLUG.sub("-", text.casefold()).strip("-")[:80].strip("-") or fallback


def name_of(text: str, number: int) -> str:
    """Return a speaker's name as transcripts can bear it: on one line, without colons and brackets."""
    name = (
        re.sub(r"[\[\]<>:\uff1a\ufe55\u2236\ua789]+|\s+", " ", text).strip()[:80].strip()
        or f"Speaker {number}"
    )
    try:
        plain_words(name)
    except ValueError:
        return f"Speaker {number}"
    return f"Speaker {name}" if name.casefold() == "you" else name


def roles_of(
    names: Sequence[str], briefs: Sequence[str] = (), positions: Sequence[str] = ()
) -> tuple[Role, ...]:
    """Return a role for each speaker, with ids and names that differ."""
    roles: list[Role] = []
    for number, given in enumerate(names, 1):
        name = name_of(given, number)
        if name in [role.name for role in roles]:
            name = f"{name} {number}"
        id = slug(name, f"speaker-{number}")
        if id in [role.id for role in roles]:
            id = f"{id}-{number}"
        brief = (briefs[number - 1] if briefs else "").strip() or TAKES_PART
        position = (positions[number - 1] if positions else "").strip() or "participant"
        roles.append(
            Role(
                id=id,
                name=name,
                position=name_of(position, number),
                brief=brief,
                interests=("not recorded",),
                priors={},
                lines={},
            )
        )
    return tuple(roles)


def conversation(
    id: str,
    names: Sequence[str],
    *,
    title: str = "",
    context: str = "",
    source: str = "",
    briefs: Sequence[str] = (),
    positions: Sequence[str] = (),
    issues: Sequence[Issue] = (),
    opener: int = 0,
) -> Scenario:
    """Return the scenario of a conversation of which hardly more is known than who speaks.

    Args:
        id: of all conversations that are reported together.
        names: of the speakers, in the order of the roles; at least two.
        title: what it is about.
        context: what everybody knows.
        source: where it is from.
        briefs: what each was told in private.
        positions: who each is, publicly.
        issues: what is to be settled, where that is known; without payoffs.
        opener: position of who speaks first.

    Examples:
        >>> from negosim.importing import conversation
        >>> [role.id for role in conversation("sales", ("Buyer", "Seller")).roles]
        ['buyer', 'seller']

    """
    roles = roles_of(names, briefs, positions)
    return Scenario(
        schema_version=2,
        id=slug(id),
        title=name_of(title or id, 1),
        source=source or "imported",
        summary="An imported conversation.",
        context=context or "The conversation is shown as it was recorded.",
        opener=roles[opener].id,
        issues=tuple(issues),
        roles=roles,
    )


def issues_from(offers: Sequence[Mapping[str, object]]) -> tuple[Issue, ...]:
    """Return the issues that offers speak of: a range for numbers, options for words."""
    seen: dict[str, list[object]] = {}
    for offer in offers:
        for name, value in offer.items():
            seen.setdefault(name, []).append(value)
    return tuple(_issue(name, values) for name, values in seen.items())


def _issue(name: str, values: list[object]) -> Issue:
    label = name_of(name.replace("_", " ").replace("-", " "), 1)
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(values):
        return number_issue(slug(name), label, [float(number) for number in numbers])
    labels = {slug(str(value)): name_of(str(value), 1) for value in values}
    if len(labels) < 2:
        labels["anything-else"] = "anything else"
    options = tuple(IssueOption(id=id, label=said) for id, said in labels.items())
    return Issue(id=slug(name), name=label, phrase=f"the {label}", options=options)


def number_issue(id: str, name: str, numbers: Sequence[float], *, prefix: str = "") -> Issue:
    """Return a numeric issue whose grid has all the numbers."""
    decimals = next((n for n in range(7) if all(abs(round(x, n) - x) < 1e-9 for x in numbers)), 6)
    low, high = min([0.0, *numbers]), max([1.0, *numbers])
    grid = Range(min=low, max=high, step=10.0**-decimals, decimals=decimals, prefix=prefix)
    return Issue(id=id, name=name, phrase=f"the {name.casefold()}", range=grid)


def offer_in(issues: Sequence[Issue], offer: Mapping[str, object]) -> dict[str, Value]:
    """Return an offer in the values of issues that `issues_from` has made of it."""
    by_id = {issue.id: issue for issue in issues}
    made: dict[str, Value] = {}
    for name, value in offer.items():
        if by_id[slug(name)].options is not None:
            made[slug(name)] = slug(str(value))
        elif isinstance(value, int | float):
            made[slug(name)] = int(value) if float(value).is_integer() else float(value)
    return made
