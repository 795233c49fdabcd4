"""Values, issues and names of a scenario as they stand in a text."""

import re
from collections.abc import Iterator

from negosim.scenarios import Issue, Scenario, Value


class ValueReader:
    """Knows how a scenario's names, issues and values are written."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.labels = {issue.id: {v: issue.label(v) for v in issue.values} for issue in scenario.issues}
        self.shared = {issue.id for issue in scenario.issues if self._shares_unit(issue)}
        names = {role.name for role in scenario.roles}
        names |= {part for name in names for part in name.split()}
        labels = {label for by_value in self.labels.values() for label in by_value.values()}
        self._names = _either(names)
        self._values = _either(labels)
        self._issues = _either({phrase for issue in scenario.issues for phrase in _phrases(issue)})
        self._cues = {issue.id: _either(set(_phrases(issue))) for issue in scenario.issues}
        self._value_patterns = {i: {v: _either({t}) for v, t in by.items()} for i, by in self.labels.items()}

    def _shares_unit(self, issue: Issue) -> bool:
        if issue.range is None:
            return False
        measure = (issue.range.prefix, issue.range.unit)
        return any(
            other.id != issue.id and other.range and (other.range.prefix, other.range.unit) == measure
            for other in self.scenario.issues
        )

    def masked(self, sentence: str) -> str:
        """Return a sentence without what belongs to the scenario: its frame."""
        text = self._values.sub("V", self._issues.sub("I", self._names.sub("N", sentence)))
        text = re.sub(r"[$€£]?\d[\d.,]*\S*", "V", text)
        text = re.sub(
            r"\bV(?: (?:for|on|at|in) I)?(?:(?:, and |, | and )V(?: (?:for|on|at|in) I)?)*", "V", text
        )
        text = re.sub(r"\bI(?:(?:, and |, | and | or )I\b)+", "I", text)
        return text.strip(' “”"').casefold()

    def named(self, text: str) -> dict[str, set[Value]]:
        """Return the values a text names, by issue, each label at its longest."""
        found: dict[str, set[Value]] = {}
        for match in self._values.finditer(text):
            for issue, patterns in self._value_patterns.items():
                for value, pattern in patterns.items():
                    if pattern.fullmatch(match.group()) and self._meant(issue, match, text):
                        found.setdefault(issue, set()).add(value)
        return found

    def _meant(self, issue: str, match: re.Match[str], text: str) -> bool:
        """Where a label fits several issues it is the one named nearest behind it, or else before it."""
        label = match.group().casefold()
        if sum(label in (t.casefold() for t in by.values()) for by in self.labels.values()) < 2:
            return True
        return self.nearest(match, text) == issue

    def nearest(self, match: re.Match[str], text: str) -> str | None:
        """Return the issue that the words around a value name."""
        behind, before = (
            text[match.end() : match.end() + 60],
            text[max(0, match.start() - 80) : match.start()],
        )
        head = re.match(r"(?: \w+){0,2}? (?:for|on|as|in) (?P<rest>.+)", behind)
        for issue, cue in self._cues.items():
            if head and cue.match(head["rest"]):
                return issue
        last = {
            issue: max((m.end() for m in cue.finditer(before)), default=-1)
            for issue, cue in self._cues.items()
        }
        best = max(last, key=lambda issue: last[issue])
        return best if last[best] >= 0 else None

    def bare(self, text: str) -> Iterator[str]:
        """Yield the numbers in a text whose issue nobody could tell."""
        for match in self._values.finditer(text):
            label = match.group().casefold()
            fits = [i for i in self.shared if label in (t.casefold() for t in self.labels[i].values())]
            if fits and self.nearest(match, text) is None:
                yield match.group()


def _phrases(issue: Issue) -> Iterator[str]:
    bare = re.sub(r"^(?:the|a|an|our|your) ", "", issue.phrase)
    yield from (issue.phrase, bare, issue.name)
    cut = re.split(r" (?:per|of|from|until) ", bare, maxsplit=1)[0]
    if len(cut) > 3:
        yield from (f"the {cut}", cut)


def _either(texts: set[str]) -> re.Pattern[str]:
    ordered = sorted(texts, key=lambda text: (-len(text), text))
    return re.compile(rf"(?<![\w$])(?:{'|'.join(map(re.escape, ordered))})(?!\w)", re.IGNORECASE)
