"""The simulated persuader: a mix of a good plan and of habits, so that its skill can be set."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from negosim.agents.users.frames import choose, load_frames
from negosim.agents.users.leaning import leaning
from negosim.agents.users.recognise import Recogniser, sentences, strategies_in
from negosim.agents.users.talk import Transcript
from negosim.traits import Trait

PLANS = {
    "philanthropic": ("credibility-appeal", "self-modeling", "logical-appeal", "donation-information"),
    "caring": ("emotion-appeal", "personal-story", "self-modeling", "donation-information"),
    "unfriendly": ("donation-information", "logical-appeal", "credibility-appeal", "self-modeling"),
    "skeptical": ("credibility-appeal", "logical-appeal", "donation-information", "self-modeling"),
}
"""By persona: the appeals to make, in order."""

CAP = 10
"""Turns after which it must have closed."""

REPLIES = {
    "objection-overhead": "credibility-appeal",
    "objection-scam": "credibility-appeal",
    "objection-money": "foot-in-the-door",
    "objection-effect": "logical-appeal",
    "objection-other": "self-modeling",
    "objection-process": "donation-information",
}

HABITS = (
    {"greeting": 5, "source-related-inquiry": 3, "proposition-of-donation": 2, "credibility-appeal": 1},
    {
        "credibility-appeal": 5,
        "emotion-appeal": 4,
        "logical-appeal": 3,
        "proposition-of-donation": 4,
        "personal-related-inquiry": 2,
        "task-related-inquiry": 2,
        "source-related-inquiry": 1,
        "personal-story": 1,
        "self-modeling": 1,
        "donation-information": 2,
        "foot-in-the-door": 1,
        "praise-user": 1,
        "other": 1,
    },
    {
        "proposition-of-donation": 5,
        "ask-donation-amount": 3,
        "emotion-appeal": 3,
        "credibility-appeal": 2,
        "logical-appeal": 2,
        "foot-in-the-door": 2,
        "ask-not-donate-reason": 1,
        "ask-donate-more": 1,
        "confirm-donation": 1,
        "thank": 2,
        "closing": 1,
        "pressure": 2,
    },
)
"""What it says out of habit at the opening, in turns 2 to 4, and later, by weight."""


@dataclass(frozen=True)
class SimPersuader:
    """An embedded persuader: no language model, deterministic given its seed and the transcript.

    With probability `skill` a turn follows the good plan, which guesses the persona from what was said,
    answers doubts, asks when the other side has warmed up, then raises and confirms; else it is habit.
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
        turn = len(transcript.texts("agent"))
        rng = random.Random(f"persuader/{self.seed}/{transcript.id}/{turn}")
        if self.traits and turn and promised(transcript) is None:
            act = leaning(self.traits, load_frames("donation/agent-frames"), rng)
            if act is not None:
                return phrase(transcript, [act], rng)
        acts = good_acts(transcript) if rng.random() < self.skill else _habit(turn, transcript, rng)
        return phrase(transcript, acts, rng)


@dataclass(frozen=True)
class RandomPersuader:
    """Uses any strategy at any time: what a policy must beat at least."""

    seed: int = 0

    def __call__(self, transcripts: Sequence[Transcript]) -> list[str]:
        """Say the next words in each dialogue."""
        said = []
        for transcript in transcripts:
            rng = random.Random(f"random/{self.seed}/{transcript.id}/{len(transcript.turns)}")
            act = rng.choice([act for act in load_frames("donation/agent-frames") if act != "closing"])
            said.append(phrase(transcript, [act], rng))
        return said


def _habit(turn: int, transcript: Transcript, rng: random.Random) -> list[str]:
    habits = HABITS[0 if turn == 0 else 1 if turn < 4 else 2]
    acts = rng.choices(list(habits), list(habits.values()), k=1 + (rng.random() < 0.3))
    if promised(transcript) is not None and rng.random() < 0.5:
        acts = [rng.choice(["thank", "confirm-donation", "closing"])]
    return list(dict.fromkeys(acts))


def phrase(transcript: Transcript, acts: Sequence[str], rng: random.Random) -> str:
    """Say something for each act, in words that were not used before in the dialogue if there are any."""
    used = {sentence for text in transcript.texts("agent") for sentence in sentences(text)}
    amount = promised(transcript) or "$0.50"
    frames = load_frames("donation/agent-frames")
    return " ".join(choose(frames, act, rng, used, amount=amount) for act in acts)


def promised(transcript: Transcript) -> str | None:
    """Return the sum the other side named last, None where it named none."""
    for text in reversed(transcript.texts("user")):
        if "pledge" in _cues(text):
            return next((word.strip(".,?!") for word in text.split() if word.startswith("$")), None)
    return None


def _cues(text: str) -> tuple[str, ...]:
    return Recogniser.load("donation/user-cues").find(text)


def guess_persona(transcript: Transcript) -> str | None:
    """Return whom the other side sounds like, None where nothing tells."""
    lexicon = Recogniser.load("donation/persona-cues")
    found = [cue for text in transcript.texts("user") for cue in lexicon.find(text)]
    return max(dict.fromkeys(found), key=found.count) if found else None


def good_acts(transcript: Transcript) -> list[str]:
    """Return what a good persuader does now, as far as the transcript tells."""
    said, heard = transcript.texts("agent"), transcript.texts("user")
    turn, used = len(said), [act for text in said for act in strategies_in("donation", text)]
    persona = guess_persona(transcript)
    cues = _cues(heard[-1]) if heard else ()
    if promised(transcript) is not None:
        return _after_pledge(used, cues, turn, persona)
    if turn == 0:
        return ["greeting", "source-related-inquiry"]
    if (objection := next((cue for cue in cues if cue in REPLIES), None)) is not None:
        return ["acknowledgement", REPLIES[objection]]
    if turn == 1:
        inquiry = {"caring": "personal-related-inquiry", "unfriendly": "acknowledgement"}
        first = inquiry.get(persona or "", "task-related-inquiry")
        return [first, "donation-information"] if persona == "unfriendly" else [first]
    left = [act for act in PLANS[persona or "philanthropic"] if act not in used]
    if left and turn < 7:
        return left[:2] if len(left) > 2 else left[:1]
    small = persona == "unfriendly" or "proposition-of-donation" in used
    return (
        ["foot-in-the-door"] if small and used.count("foot-in-the-door") < 2 else ["proposition-of-donation"]
    )


def _after_pledge(used: Sequence[str], cues: Sequence[str], turn: int, persona: str | None) -> list[str]:
    """Warm up further while there is room, ask for more once or twice, confirm, thank, close."""
    if "confirm-donation" in used and used[-1] in ("confirm-donation", "thank"):
        return ["thank", "closing"]
    raised = used.count("ask-donate-more")
    left = [act for act in PLANS[persona or "philanthropic"] if act not in used]
    if turn >= CAP - 2:
        return ["confirm-donation"] if turn < CAP - 1 else ["thank", "closing"]
    if used[-1] == "ask-donate-more" or "annoyed" in cues:
        return ["confirm-donation"]
    if left and "thank" not in used:
        return ["thank", left[0]]
    if left:
        return left[:1]
    return ["ask-donate-more"] if raised < 1 else ["confirm-donation"]
