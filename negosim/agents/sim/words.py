"""The scenario's own words, ready to be put into sentences."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from negosim.scenarios import Issue, Value

# Words that say nothing about which issue is meant.
_FILLERS = frozenset({"and", "every", "for", "from", "its", "not", "per", "the", "their", "with", "year"})

_TAIL = re.compile(r" (?:per|of|from) ")
"""Where a phrase can be cut when it is said again: "the price per bottle", "the length of the lease"."""


def joined(items: Sequence[str], word: str = "and") -> str:
    """Enumerate as a sentence does: "a, b, and c"."""
    if len(items) < 2:
        return "".join(items)
    if len(items) == 2:
        return f"{items[0]} {word} {items[1]}"
    return f"{', '.join(items[:-1])}, {word} {items[-1]}"


def first_name(name: str) -> str:
    """Return how one addresses a person: the first name, after a title the whole name."""
    words = name.split()
    return name if len(words) < 2 or words[0].endswith(".") or len(words[0]) < 2 else words[0]


def capitalised(text: str) -> str:
    """Write the first letter as a capital."""
    return text[:1].upper() + text[1:]


class Words:
    """How issues and their values are spoken of."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        self.single = len(self.issues) == 1
        """Whether there is one issue only, so that nothing can be traded for anything."""
        self.phrase = {issue.id: issue.phrase for issue in issues}
        self.label = {issue.id: {value: issue.label(value) for value in issue.values} for issue in issues}
        self.full = {
            issue.id: {
                value: label if self.single else _in_full(issue, label, shared=_shares_unit(issue, issues))
                for value, label in self.label[issue.id].items()
            }
            for issue in issues
        }
        self.brief = {issue.id: _in_brief(issue, issues, self) for issue in issues}
        self._ends = {
            issue: tuple(label for value, label in labels.items() if self.brief[issue][value] == label)
            for issue, labels in self.label.items()
        }
        """Values that may stand without their issue once it was named: nothing else could be meant."""
        self.short = {i.id: self.brief[i.id] if i.range is not None else self.full[i.id] for i in issues}
        """For single values once the issues are known: numbers alone if clear, options with their issue."""
        keys = {issue.id: _keywords(issue, issues) for issue in issues}
        named = "|".join(rf"(?P<i{n}>{re.escape(issue.phrase)})" for n, issue in enumerate(issues))
        self._phrases = re.compile(rf"(?P<pre> (?:on|for) )?\b(?:{named})\b", re.IGNORECASE)
        mention = "|".join(
            rf"(?P<i{n}>(?:{'|'.join(map(re.escape, keys[issue.id]))})\b)" for n, issue in enumerate(issues)
        )
        self._mention = re.compile(rf"\b(?:{mention})", re.IGNORECASE)

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return the issues a text names, each once, in order."""
        found: dict[str, None] = {}
        for match in self._mention.finditer(text):
            found[self.issues[int((match.lastgroup or "i0")[1:])].id] = None
        return tuple(found)

    def named_in(self, text: str) -> dict[str, Value]:
        """Return, for each issue, the value whose label a text has (the longest one)."""
        lowered, values = text.casefold(), {}
        for issue, labels in self.label.items():
            said = [value for value, label in labels.items() if label.casefold() in lowered]
            if said:
                values[issue] = max(said, key=lambda value: len(labels[value]))
        return values

    def package(
        self, deal: Mapping[str, Value], only: Iterable[str] | None = None, *, known: bool = False
    ) -> str:
        """Enumerate values in a sentence, in the scenario's order of issues.

        Where the issues are `known` from earlier offers, values that speak for themselves stand alone.
        """
        chosen = set(deal if only is None else only)
        told = [issue.id for issue in self.issues if issue.id in chosen and issue.id in deal]
        texts = self.full if not known else self.brief if len(told) > 2 else self.short
        return joined([texts[issue][deal[issue]] for issue in told])

    def lighter(self, texts: Sequence[str], fixed: Collection[int], kept: Iterable[str]) -> list[str]:
        """Write texts that are said in a row so that no issue is named in full twice running.

        Args:
            texts: the parts of an utterance.
            fixed: positions of parts that must keep their words.
            kept: sentences that must keep their words wherever they stand.

        """
        seen: set[str] = set()
        last: str | None = None

        def again(match: re.Match[str]) -> str:
            nonlocal last
            issue = self.issues[int((match.lastgroup or "i0")[1:])].id
            repeated, running = issue in seen, issue == last
            seen.add(issue)
            last = issue
            before, after = match.string[: match.start()], match.string[match.end() :]
            if not repeated:
                return match.group()
            if match["pre"] and before.endswith(self._ends[issue]):
                return ""
            # A single issue was named long ago: "that" would be something else.
            if match["pre"] == " on " and running and not self.single and after[:1] in " .,;?":
                return " on that"
            return _TAIL.split(match.group(), maxsplit=1)[0]

        written = []
        for position, text in enumerate(texts):
            new = self._phrases.sub(again, text)
            untouched = position in fixed or any(
                sentence in text and sentence not in new for sentence in kept
            )
            written.append(text if untouched else new)
        return written

    def phrases(self, issues: Iterable[str], word: str = "and") -> str:
        """Enumerate issues in a sentence."""
        return joined([self.phrase[issue] for issue in issues], word)


def _stems(text: str) -> set[str]:
    return {
        word[:5] for word in re.findall(r"[a-z]+", text.casefold()) if word not in _FILLERS and len(word) > 2
    }


def _shares_unit(issue: Issue, issues: Sequence[Issue]) -> bool:
    """Return whether the numbers of another issue look like this one's."""
    if issue.range is None:
        return False
    measure = (issue.range.prefix, issue.range.unit)
    return any(
        other.id != issue.id and other.range and (other.range.prefix, other.range.unit) == measure
        for other in issues
    )


def _in_full(issue: Issue, label: str, *, shared: bool) -> str:
    """Say a value so that the issue is clear: with the issue's phrase unless the label has it already."""
    if not shared and _stems(label) & (_stems(issue.phrase) | _stems(issue.name) | _stems(issue.id)):
        return label
    if issue.options is not None and len(label.split()) >= 4:
        return label
    if issue.range is not None and issue.phrase.startswith("the price of "):
        return f"{label} for {issue.phrase.removeprefix('the price of ')}"
    return f"{label} for {issue.phrase}"


def _in_brief(issue: Issue, issues: Sequence[Issue], words: Words) -> dict[Value, str]:
    """Say values by their labels alone where nothing else among the issues could be meant."""
    labels, full = words.label[issue.id], words.full[issue.id]
    others = [other for other in issues if other.id != issue.id]
    if issue.range is not None:
        telling = bool(issue.range.prefix or issue.range.unit)
        return labels if telling and not _shares_unit(issue, issues) else full
    taken = {label for other in others for label in words.label[other.id].values()}
    return {
        value: label if len(label.split()) > 1 and label not in taken else full[value]
        for value, label in labels.items()
    }


def _keywords(issue: Issue, issues: Sequence[Issue]) -> list[str]:
    """Return the words by which an issue is recognised: phrase, name, and its telling words."""
    bare = re.sub(r"^(?:the|a|an|our|your) ", "", issue.phrase.casefold())
    others: set[str] = set()
    for other in issues:
        if other.id != issue.id:
            others |= set(re.findall(r"[a-z]+", f"{other.phrase} {other.name}".casefold()))
    telling = [
        word
        for word in re.findall(r"[a-z]+", f"{bare} {issue.name}".casefold())
        if len(word) > 3 and word not in _FILLERS and word not in others
    ]
    return sorted({bare, issue.name.casefold(), *telling}, key=lambda word: (-len(word), word))
