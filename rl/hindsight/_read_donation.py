"""The embedded reward model for donations: it reads the text alone, fitted to what the data earned."""

import re
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from negosim.agents.users import DONATION, Recogniser, sentences, strategies_in
from negosim.rl._trajectory import Trajectory
from negosim.rl.hindsight._protocol import DiscardedError, Step
from negosim.rl.hindsight._reward import UNFINISHED

FEWEST = 5
"""Dialogues of one kind from which on their mean is believed."""

MOST_DOLLARS = 2.0

_NUMBERS = {"a": 1, "one": 1, "two": 2, "five": 5, "ten": 10, "twenty": 20, "twenty five": 25} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "seventy five": 75,
}
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_AMOUNT = re.compile(
    r"\$ ?(?P<dollars>\d*\.?\d+)|(?P<after>\d*\.?\d+) ?(?:\$|dollars?\b|bucks?\b)"
    r"|(?P<cents>\d+) ?(?:cents?\b|¢)"
    rf"|\b(?P<words>{_WORDS}) (?P<unit>cents?|dollars?|bucks?)\b|\b(?P<half>half a dollar)\b"
)
_WILL = re.compile(
    r"\b(give|giving|donate|donating|contribute|yes|yeah|sure|ok|okay|fine|right|all right|will|i'll|can do"
    r"|count me in|put me down|make it|up to|from me|stay with|leave it|settled|correct|let's|let us|live"
    r" with|try it with)\b"
)
_NO = re.compile(r"\b(not|no|n't|don't|won't|can't|cannot|wouldn't)\b")
_FAREWELL = re.compile(
    r"\b(good ?bye|bye|farewell|take care|had enough|done here|good (day|night|evening))\b"
)


def dollars_in(text: str) -> float | None:
    """Return the last sum of money a text names, in dollars; None where it names none."""
    found = None
    for match in _AMOUNT.finditer(text.casefold()):
        if match["dollars"] or match["after"]:
            found = float(match["dollars"] or match["after"])
        elif match["cents"]:
            found = float(match["cents"]) / 100
        elif match["half"]:
            found = 0.5
        else:
            count = _NUMBERS[match["words"]]
            found = float(count) if not match["unit"].startswith("cent") else count / 100
    return found


def pledge_in(dialogue: Trajectory) -> float | None:
    """Return the gift the user agreed to last, in dollars, None where there is none in the text."""
    pledge, named = None, None
    for turn in dialogue.turns:
        for sentence in sentences(turn.text.replace("’", "'")):
            amount = dollars_in(sentence)
            plain = sentence.casefold()
            if turn.role == "agent":
                named = amount if amount is not None and amount <= MOST_DOLLARS else named
            elif amount is not None and amount <= MOST_DOLLARS:
                if "?" not in sentence and _WILL.search(plain) and not _NO.search(plain):
                    pledge = amount
            elif named is not None and pledge is None and _agrees(plain):
                pledge = named
        if turn.role == "user":
            named = None
    return pledge


def _agrees(plain: str) -> bool:
    """Return whether a sentence says yes to the sum that was just named."""
    return bool(re.match(r"(yes|yeah|sure|ok|okay|i will|i can do that|of course|absolutely)\b", plain)) and (
        "?" not in plain and not _NO.search(plain)
    )


class DonationReading:
    """Reads the donation off the text: is it finished, and how much is it?

    Said is not given: how much of a pledge is kept, and what those who named no sum gave, is fitted to
    the data, apart for pledges that were thanked for or confirmed.
    """

    name = "embedded"

    def __init__(self, pool: Sequence[Trajectory]) -> None:
        kept: dict[bool, list[float]] = defaultdict(list)
        unnamed: list[float] = []
        for one in pool:
            pledge = pledge_in(one)
            if pledge:
                kept[_sealed(one)].append(one.total_reward / pledge)
            elif pledge is None and _finished(one):
                unnamed.append(one.total_reward)
        self._kept = {sealed: min(1.0, _mean(kept[sealed], 1.0)) for sealed in (False, True)}
        self._unnamed = _mean(unnamed, 0.0)

    async def reward(self, dialogue: Trajectory, step: Step) -> float:
        """Return the donation in dollars.

        Raises:
            DiscardedError: nothing was decided.

        """
        pledge = pledge_in(dialogue)
        if pledge is not None:
            return round(pledge * self._kept[_sealed(dialogue)], 2)
        if not _finished(dialogue):
            raise DiscardedError(UNFINISHED)
        return round(self._unnamed, 2)


def _sealed(dialogue: Trajectory) -> bool:
    """Return whether the agent thanked for the pledge or had it confirmed, after it was made."""
    pledged = False
    for turn in dialogue.turns:
        if turn.role == "user":
            pledged |= dollars_in(turn.text) is not None
        elif pledged and {"thank", "confirm-donation"} & set(strategies_in(DONATION, turn.text)):
            return True
    return False


def _finished(dialogue: Trajectory) -> bool:
    """Return whether a dialogue without a pledge came to a no, or to its end."""
    said = [turn.text for turn in dialogue.turns if turn.role == "user"]
    refused = any("refuse" in Recogniser.load("donation/user-cues").find(text) for text in said[-3:])
    return refused or any(_FAREWELL.search(turn.text.casefold()) for turn in dialogue.turns[-2:])


def _mean(values: Sequence[float], otherwise: float) -> float:
    return fmean(values) if len(values) >= FEWEST else otherwise
