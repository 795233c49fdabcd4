"""Embedded simulated users, donors and help-seekers, and the embedded agents that talk with them."""

from negosim.agents.users.agents import HABIT, USER, EmbeddedAgent, UserAgent, embedded_agent
from negosim.agents.users.chat_user import CHAT, ChatUser
from negosim.agents.users.discussant import DISCUSSANT, tempers
from negosim.agents.users.frames import load_frames
from negosim.agents.users.imagined import IMAGINED
from negosim.agents.users.making import (
    DONATION,
    KINDS,
    SUPPORT,
    acts_said,
    persona_names,
    persona_words,
    sim_agent,
    sim_user,
    sim_users,
)
from negosim.agents.users.persuadee import APPEALS, ASKS
from negosim.agents.users.persuader import (
    PLANS,
    REPLIES,
    RandomPersuader,
    SimPersuader,
    good_acts,
    guess_persona,
    phrase,
    promised,
)
from negosim.agents.users.recognise import Recogniser, load_data, sentences, strategies_in
from negosim.agents.users.seats import (
    APART,
    SILENT,
    kind_of,
    number_of,
    seat_of,
    split_personas,
    user_named,
    user_of,
    user_role,
)
from negosim.agents.users.seeker import Seeker, problems
from negosim.agents.users.supporter import RandomSupporter, SimSupporter, good_support, phrase_support
from negosim.agents.users.talk import Line, SpokenTurn, Transcript
from negosim.agents.users.user import Fact, Mind, SimUser, UserReply

__all__ = [
    "APART",
    "APPEALS",
    "ASKS",
    "CHAT",
    "DISCUSSANT",
    "DONATION",
    "HABIT",
    "IMAGINED",
    "KINDS",
    "PLANS",
    "REPLIES",
    "SILENT",
    "SUPPORT",
    "USER",
    "ChatUser",
    "EmbeddedAgent",
    "Fact",
    "Line",
    "Mind",
    "RandomPersuader",
    "RandomSupporter",
    "Recogniser",
    "Seeker",
    "SimPersuader",
    "SimSupporter",
    "SimUser",
    "SpokenTurn",
    "Transcript",
    "UserAgent",
    "UserReply",
    "acts_said",
    "embedded_agent",
    "good_acts",
    "good_support",
    "guess_persona",
    "kind_of",
    "load_data",
    "load_frames",
    "number_of",
    "persona_names",
    "persona_words",
    "phrase",
    "phrase_support",
    "problems",
    "promised",
    "seat_of",
    "sentences",
    "sim_agent",
    "sim_user",
    "sim_users",
    "split_personas",
    "strategies_in",
    "tempers",
    "user_named",
    "user_of",
    "user_role",
]
