"""The world as an embedded persuader or supporter imagines it, for planners that search.

Imagined users are drawn from all kinds of users there are, with seeds that no real one has: the agent does
not know whom it talks to, and hears in each of them how somebody like that would have taken it so far.
"""

import random
from collections.abc import Sequence
from functools import lru_cache

from negosim.agents._protocol import Speech, Trial
from negosim.agents.users.frames import load_frames
from negosim.agents.users.making import DONATION, persona_names, sim_user
from negosim.agents.users.persuader import good_acts, guess_persona, phrase
from negosim.agents.users.recognise import strategies_in
from negosim.agents.users.supporter import good_support, guess_problem, phrase_support
from negosim.agents.users.talk import Line, Transcript
from negosim.agents.users.user import SimUser
from negosim.records import Utterance
from negosim.views import View, imagined

_PLANNED = 0.5
"""How often a sample of the next act follows the good plan; else it is any act."""


class UserWorld:
    """What an embedded agent imagines from one view."""

    def __init__(self, kind: str, view: View) -> None:
        """Take the kind of conversation, and what the agent sees before the turn that is planned."""
        self._kind = kind
        self._root = view

    async def prior(self, view: View, samples: int) -> dict[str, float]:
        """Draw the next act several times; return shares, one added to each act."""
        counts, rng = dict.fromkeys(_acts(self._kind), 1), self._stream("prior", view, samples)
        transcript = transcript_of(view)
        good = good_acts(transcript) if self._kind == DONATION else good_support(transcript)
        for _ in range(samples):
            counts[rng.choice(good) if rng.random() < _PLANNED else rng.choice(list(counts))] += 1
        return {act: count / (samples + len(counts)) for act, count in counts.items()}

    async def realise(self, view: View, act: str, attempt: int) -> Trial:
        """Say something by an act, and let an imagined user answer."""
        say = phrase if self._kind == DONATION else phrase_support
        text = say(transcript_of(view), [act], self._stream("words", view, attempt))
        speech = Speech(Utterance(text=text), tactic="+".join(strategies_in(self._kind, text)) or None)
        after = imagined(view, view.side.index, speech.utterance)
        reply = self._user(after, attempt).reply(transcript_of(after))
        gone = reply.end or reply.text is None
        answer = Utterance(text=reply.text or "...", action="walk_away" if gone else "talk")
        return Trial(speech, ((view.side.others[0], answer),))

    async def worth(self, view: View, probes: int, first: int = 0) -> float:
        """Return how good a reward is in sight, from -1 to 1: the mean over some imagined users."""
        said = transcript_of(view)
        found = [self._user(view, probe).hear(said).outlook() for probe in range(first, first + probes)]
        return sum(found) / len(found)

    def _user(self, view: View, attempt: int) -> SimUser:
        """Return an imagined user: of the kind it sounds like as far as that tells, else of any in turn."""
        transcript = transcript_of(self._root)
        names = persona_names(self._kind)
        guess = (
            guess_persona(transcript) if self._kind == DONATION else guess_problem(transcript.texts("user"))
        )
        persona = guess if guess in names else names[attempt % len(names)]
        return sim_user(self._kind, str(persona), self._root.side.seed.number("imagined", attempt))

    def _stream(self, purpose: str, view: View, attempt: int) -> random.Random:
        return self._root.side.seed.stream("search", purpose, view.turn_index, attempt)


@lru_cache
def _acts(kind: str) -> Sequence[str]:
    return tuple(load_frames(f"{kind}/agent-frames"))


def transcript_of(view: View) -> Transcript:
    """Return what was said, as a conversation of the agent whose view it is and a user."""
    own = view.side.index
    return Transcript("", None, [Line("agent" if t.role == own else "user", t.text) for t in view.transcript])
