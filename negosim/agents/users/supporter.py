"""The simulated supporter: a mix of a good plan and of habits, so that its skill can be set."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from negosim.agents.users.frames import choose, load_frames
from negosim.agents.users.leaning import leaning
from negosim.agents.users.recognise import Recogniser, sentences, strategies_in
from negosim.agents.users.seeker import problems
from negosim.agents.users.talk import Transcript
from negosim.traits import Trait

HABITS = {
    "question": 5,
    "suggestion": 5,
    "affirmation": 3,
    "reflection-of-feelings": 2,
    "restatement": 1,
    "self-disclosure": 2,
    "information": 2,
    "other": 2,
    "dismissal": 1,
}
"""What it says out of habit, by weight; blind to where the other side is."""


@dataclass(frozen=True)
class SimSupporter:
    """An embedded supporter: no language model, deterministic given its seed and the transcript.

    With probability `skill` a turn follows the good plan: let the other tell, give words and feelings back,
    comfort, then advise; else it is habit.
    """

    skill: float = 0.3
    """0 is habit alone, 1 the plan alone."""
    seed: int = 0
    traits: tuple[Trait, ...] = ()
    """Dispositions of the role; what they do to its skill is in that already."""

    def __call__(self, transcripts: Sequence[Transcript]) -> list[str]:
        """Say the next words in each dialogue."""
        return [self.speak(transcript) for transcript in transcripts]

    def speak(self, transcript: Transcript) -> str:
        """Say the next words in one dialogue."""
        rng = random.Random(f"supporter/{self.seed}/{transcript.id}/{len(transcript.turns)}")
        if self.traits and transcript.texts("agent"):
            act = leaning(self.traits, load_frames("support/agent-frames"), rng)
            if act is not None:
                return phrase_support(transcript, [act], rng)
        if rng.random() < self.skill:
            return phrase_support(transcript, good_support(transcript), rng)
        first = not transcript.texts("agent")
        act = "greeting" if first else rng.choices(list(HABITS), list(HABITS.values()))[0]
        return phrase_support(transcript, [act], rng)


@dataclass(frozen=True)
class RandomSupporter:
    """Uses any strategy at any time: what a policy must beat at least."""

    seed: int = 0

    def __call__(self, transcripts: Sequence[Transcript]) -> list[str]:
        """Say the next words in each dialogue."""
        said = []
        for transcript in transcripts:
            rng = random.Random(f"random/{self.seed}/{transcript.id}/{len(transcript.turns)}")
            act = rng.choice(list(load_frames("support/agent-frames")))
            said.append(phrase_support(transcript, [act], rng))
        return said


def good_support(transcript: Transcript) -> list[str]:
    """Return what a good supporter does now, as far as the transcript tells."""
    said, heard = transcript.texts("agent"), transcript.texts("user")
    used = [act for text in said for act in strategies_in("support", text)]
    turn, last = len(said), heard[-1] if heard else ""
    cues = Recogniser.load("support/user-cues").find(last)
    if turn == 0:
        return ["question"]
    if "hurt" in cues or "too-soon" in cues:
        return ["reflection-of-feelings"]
    understanding = used.count("reflection-of-feelings") + used.count("restatement")
    if used.count("question") < 4 and "told-all" not in cues and turn < 8:
        both = ["reflection-of-feelings" if turn % 2 else "restatement", "question"]
        return ["self-disclosure", "question"] if "evasive" in cues else both
    if understanding < 4:
        return ["reflection-of-feelings", "affirmation"]
    if "self-disclosure" not in used:
        return ["affirmation", "self-disclosure"]
    if used.count("suggestion") < 3:
        return ["affirmation", "suggestion"] if used.count("affirmation") < 3 else ["suggestion"]
    return ["information"] if used.count("information") < 3 else ["affirmation"]


def phrase_support(transcript: Transcript, acts: Sequence[str], rng: random.Random) -> str:
    """Say something for each act, in words that were not used before in the dialogue if there are any."""
    used = {sentence for text in transcript.texts("agent") for sentence in sentences(text)}
    heard = transcript.texts("user")
    problem = guess_problem(heard)
    frames = load_frames("support/agent-frames")
    parts = []
    for act in acts:
        persona = problem if isinstance(frames[act], dict) and problem in frames[act] else "any"
        slots = {}
        if act in ("restatement", "reflection-of-feelings"):
            slots = {"gist": gist_of(heard), "feeling": feeling_in(heard)}
        parts.append(choose(frames, act, rng, used, persona=persona, **slots))
    return " ".join(parts)


def guess_problem(heard: Sequence[str]) -> str:
    """Return the problem somebody seems to have."""
    lexicon = Recogniser.load("support/problem-cues")
    found = [cue for text in heard for cue in lexicon.find(text)]
    return max(dict.fromkeys(found), key=found.count) if found else "any"


def feeling_in(heard: Sequence[str]) -> str:
    """Return the feeling somebody named last, "low" where none was named."""
    for text in reversed(heard):
        if (named := _feelings().search(text.casefold())) is not None:
            return named[0]
    return "low"


@lru_cache
def _feelings() -> re.Pattern[str]:
    known = {feeling for problem in problems().values() for feeling in problem.feelings}
    return re.compile(rf"\b({'|'.join(sorted(known, key=len, reverse=True))})\b")


_TURNED = {
    "i": "you",
    "me": "you",
    "my": "your",
    "mine": "yours",
    "myself": "yourself",
    "am": "are",
    "we": "you",
    "us": "you",
    "our": "your",
    "was": "were",
}


def gist_of(heard: Sequence[str]) -> str:
    """Return one of the other's last lines turned round: "I lost my job" gives "you lost your job"."""
    lines = [line for text in heard[-3:] for line in sentences(text) if " " in line]
    told = [line for line in lines if re.search(r"\b(I|my|me)\b", line)] or lines
    if not told:
        return "it is hard for you"
    words = told[-1].rstrip(".!?").split()
    turned: list[str] = []
    for word in words:
        bare = word.strip(",")
        after_you = bool(turned) and turned[-1] == "you"
        swapped = _TURNED.get(bare.casefold(), bare)
        if bare.casefold() == "was" and not after_you:
            swapped = bare
        turned.append(swapped + word[len(bare) :])
    turned[0] = turned[0][0].lower() + turned[0][1:]
    return " ".join(turned)
