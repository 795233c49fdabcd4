"""The embedded mapper: moves a dialogue into another domain by typed lexicons. It is no language model.

Items, roles, places and reasons are words of the source's lexicon; each is replaced by the target domain's
word for the same slot, quantities are multiplied by one factor throughout a dialogue. All else stays as it
was said, mistakes included, so that what an utterance does stays the same.
"""

import re
from random import Random

from negosim.gnome._corpus import StrategyDialogue
from negosim.gnome._lexicon import SourceLexicon, TargetDomain, lexicons, source_pattern

_NUMBER = re.compile(
    r"(?<![\w.,:/])(?P<sign>\$ ?)?(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?P<cents>\.\d+)?(?P<thousand>[kK]\b)?"
    r"(?![\w:/%]|,\d|\.\d| ?%)(?P<money> ?(?:dollars?|cents?|bucks|usd)\b)?",
    re.IGNORECASE,
)
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_SAID = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 8: "eight", 10: "ten", 12: "twelve"}
_COUNT = re.compile(rf"\b({'|'.join(_COUNTS)})\b", re.IGNORECASE)
_YEARS = range(1900, 2050)
_ARTICLE = re.compile(r"\b(a)n? ([a-z])", re.IGNORECASE)
_POSSESSIVE = re.compile(r"s's\b")
_TITLE_WORD = re.compile(r"[a-z0-9]*[a-z][a-z0-9]*", re.IGNORECASE)


def map_by_rules(dialogue: StrategyDialogue, domain: TargetDomain, random: Random) -> list[str]:
    """Return the utterances of a dialogue in another domain, as many as there were.

    Args:
        dialogue: one of the four data sets'.
        domain: where it is moved to.
        random: which draws the factor of the quantities.

    Examples:
        >>> from random import Random
        >>> from negosim.gnome import StrategyDialogue, StrategyUtterance, map_by_rules, target_domains
        >>> said = (StrategyUtterance(0, "I need firewood, my kids are cold.", ("self-interest",)),)
        >>> map_by_rules(StrategyDialogue("a", "casino", said, "a"), target_domains()[0], Random(0))
        ['I need garden tools, my apprentices are behind with digging.']

    """
    lexicon = lexicons()[dialogue.source]
    factor = random.choice(lexicon.factors)
    named = title_pattern(dialogue.about)
    texts = []
    for text in dialogue.texts:
        if named is not None:
            text = named.sub(domain.words["thing"], text)
        texts.append(_mapped(text, dialogue.source, lexicon, domain, factor))
    return texts


def title_pattern(title: str) -> re.Pattern[str] | None:
    """Return what finds names of the thing for sale: words of the ad's title in a row; None without one."""
    common = lexicons()["craigslist"].ads
    words = {word for word in _TITLE_WORD.findall(title.casefold()) if len(word) > 2 and word not in common}
    if not words:
        return None
    one = f"(?:{'|'.join(sorted(map(re.escape, words), key=lambda word: (-len(word), word)))})"
    return re.compile(rf"\b{one}(?:[ -]{one})*\b", re.IGNORECASE)


def _mapped(text: str, source: str, lexicon: SourceLexicon, domain: TargetDomain, factor: float) -> str:
    by_word = lexicon.by_word

    def put(match: re.Match[str]) -> str:
        given = match[0]
        return _cased(domain.words[by_word[given.casefold()]], given)

    if lexicon.least == 0:
        text = _COUNT.sub(lambda match: _cased(_count(match[1].casefold(), factor), match[1]), text)
    text = _NUMBER.sub(lambda match: _number(match, lexicon.least, factor), text)
    return _articled(source_pattern(source).sub(put, text))


def _cased(word: str, given: str) -> str:
    """Return a word in the letters of the one it replaces; names keep their own."""
    if given.isupper() and len(given) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if given[:1].isupper() else word


def _count(word: str, factor: float) -> str:
    number = round(_COUNTS[word] * factor)
    return _SAID.get(number, str(number))


def _number(match: re.Match[str], least: float | None, factor: float) -> str:
    whole, cents = match["whole"], match["cents"] or ""
    value = float(whole.replace(",", "") + cents)
    if not (match["sign"] or match["thousand"] or match["money"]) and (
        least is None or value < least or (value in _YEARS and not cents)
    ):
        return match[0]
    changed = value * factor
    decimals = 2 if cents and changed != int(changed) else 0
    grouping = "," if "," in whole else ""
    number = f"{changed:{grouping}.{decimals}f}"
    return f"{match['sign'] or ''}{number}{match['thousand'] or ''}{match['money'] or ''}"


def _articled(text: str) -> str:
    """Write "a" or "an" as the next letter asks, and possessives of plurals without a second s."""
    text = _POSSESSIVE.sub("s'", text)
    return _ARTICLE.sub(lambda match: f"{match[1]}{'n' if match[2] in 'aeioAEIO' else ''} {match[2]}", text)
