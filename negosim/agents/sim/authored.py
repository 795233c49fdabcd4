"""Words that taxonomies and scenarios bring for the simulated negotiator, checked and compiled."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from negosim._text import plural
from negosim.agents.sim.frame_files import Pool, TacticFrames, library, paraphrases
from negosim.agents.sim.grammar import Template
from negosim.agents.sim.voice import voices
from negosim.errors import UserError
from negosim.plugins import suggest
from negosim.scenarios import Role, Scenario
from negosim.taxonomies import Tactic, TacticWords, Taxonomy
from negosim.views import Side

LINES = ("reactions", "heard", "moves", "replies")
"""Groups of pools to which a scenario may add."""


def frames_of(tactic: Tactic) -> TacticFrames:
    """Return how a tactic is put into words: as its taxonomy says, as is built in, or neutrally."""
    if tactic.simulated is not None:
        return _compiled(tactic.simulated)
    return library().tactics.get(tactic.id, library().neutral)


def wordless(taxonomy: Taxonomy) -> list[str]:
    """Return the ids of the tactics that are put into neutral words, which do not express them."""
    return [tactic.id for tactic in taxonomy.tactics if frames_of(tactic) is library().neutral]


def lines_of(role: Role, pool: str) -> Pool:
    """Return the sentences that a scenario adds to a pool for one role."""
    return _templates(role.lines[pool]) if pool in role.lines else ()


def check_taxonomy(taxonomy: Taxonomy) -> None:
    """Check the words that a taxonomy brings.

    Raises:
        UserError: lists every text that cannot be used, and why.

    """
    brought = {tactic.id: tactic.simulated for tactic in taxonomy.tactics if tactic.simulated is not None}
    known = _tactic_slots() if brought else {}  # It reads all built-in words of tactics.
    wrong = [
        f"tactic {name!r}, simulated.{field}, {problem}"
        for name, words in brought.items()
        for field, slots in known.items()
        for problem in _problems(getattr(words, field), slots)
    ]
    _refuse(f"taxonomy {taxonomy.id!r}", wrong)


def check_lines(scenario: Scenario) -> None:
    """Check the sentences that a scenario brings for its roles.

    Raises:
        UserError: lists every pool that there is not, and every text that cannot be used, and why.

    """
    _refuse(f"scenario {scenario.id!r}", [wrong for role in scenario.roles for wrong in _wrong_lines(role)])


def _wrong_lines(role: Role) -> Iterator[str]:
    pools = {name: pool for name, pool in library().pools.items() if name.startswith(LINES)}
    for name, texts in role.lines.items():
        where = f"role {role.id!r}, lines.{name}"
        if name in pools:
            found = _problems(texts, _names(pools[name]), _needed(pools[name]))
            yield from (f"{where}, {problem}" for problem in found)
        else:
            yield f"{where}: there is no such pool of sentences; {suggest(name, pools)}"


def remarks(side: Side) -> str:
    """Return what a user should know before the simulated negotiator plays a side, "" for nothing.

    Raises:
        UserError: words that the taxonomy or the scenario brings cannot be used.

    """
    check_taxonomy(side.tactics)
    _refuse(f"scenario {side.seed.scenario!r}", list(_wrong_lines(side.role)))
    without = wordless(side.tactics)
    if not without:
        return ""
    return (
        f"the simulated negotiator has no words for {plural(len(without), 'tactic')} of taxonomy "
        f"{side.tactics.id!r} ({', '.join(without)}): it says neutral ones, and the record marks such turns "
        "as not realised"
    )


def _refuse(what: str, wrong: list[str]) -> None:
    if wrong:
        listed = "".join(f"\n  {problem}" for problem in wrong)
        raise UserError(f"{what}: words for the simulated negotiator cannot be used:{listed}")


def _problems(
    texts: Iterable[str], slots: frozenset[str], needed: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Yield what is wrong with texts whose templates may name `slots` and must name those `needed`."""
    for number, text in enumerate(texts, 1):
        problem = _problem(text, slots, needed)
        if problem:
            yield f"text {number} ({text!r}): {problem}"


def _problem(text: str, slots: frozenset[str], needed: frozenset[str]) -> str:
    """Return what is wrong with a text, "" where it can be used."""
    template = Template(text)
    if unknown := template.voices - {voice.name for voice in voices()}:
        return f"there is no voice {min(unknown)!r}; {suggest(min(unknown), [v.name for v in voices()])}"
    try:
        names, fixed = template.names, template.text
    except ValueError as error:
        return str(error)
    if unknown := names - slots:
        known = ", ".join(f"{{{name}}}" for name in sorted(slots))
        return f"there is nothing called {{{min(unknown)}}} here; there are {known}"
    if missing := needed - template.needs:
        return f"it must name {{{min(missing)}}}, as what is said here does"
    if stray := next((letter for letter in "{}[]<>|" if letter in fixed), ""):
        return f"{stray!r} stands alone; write {{name}}, [one|another], and nothing in < >"
    return ""


@lru_cache(maxsize=1)
def _tactic_slots() -> Mapping[str, frozenset[str]]:
    """By field of `TacticWords`: what its texts may name, which is what the built-in ones do."""
    frames = library().tactics.values()
    return {
        "frames": _names(template for one in frames for template in one.frames),
        "short": _names(template for one in frames for template in one.short),
        "closing": _names(template for one in frames for template in one.closing),
    }


def _names(templates: Iterable[Template]) -> frozenset[str]:
    return frozenset[str]().union(*(template.names for template in templates))


def _needed(templates: Iterable[Template]) -> frozenset[str]:
    return frozenset.intersection(*(template.needs for template in templates)) - {"you"}


@lru_cache(maxsize=512)
def _compiled(words: TacticWords) -> TacticFrames:
    pools = map(_templates, (words.frames, words.short, words.closing))
    return TacticFrames(words.weights, words.stance, *pools)


@lru_cache(maxsize=512)
def _templates(texts: tuple[str, ...]) -> Pool:
    return tuple(Template(text, paraphrases()) for text in texts)
