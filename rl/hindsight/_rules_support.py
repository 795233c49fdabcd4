"""Mistakes that cost relief: dismissal, advice before understanding, questions without end."""

from collections.abc import Iterator

from negosim.agents.users import good_support
from negosim.rl.hindsight._rules import Fault, Moment

UNDERSTANDING = ("restatement", "reflection-of-feelings")


def support_faults(moment: Moment) -> Iterator[Fault]:
    """Yield what is wrong with one turn of a supporter, the gravest first."""
    better, acts = good_support(moment.before), set(moment.acts)
    understood = sum(moment.used.count(act) for act in UNDERSTANDING)
    warm = ["reflection-of-feelings", "question"]
    if "dismissal" in acts or "hurt" in moment.effect:
        yield Fault(5, "the seeker was brushed off; say first that the feeling is heard", warm)
    if "too-soon" in moment.effect:
        yield Fault(4, "advice came before the seeker felt understood", warm)
    if acts & {"suggestion", "information"} and understood < 2:
        yield Fault(3, "advice before the seeker had told what it is about", warm)
    if acts == {"question"} and moment.used[-2:] == ["question", "question"]:
        yield Fault(3, "one question after the other; give back what was said", list(UNDERSTANDING))
    if "affirmation" in acts and understood == 0:
        yield Fault(2.5, "comfort sounds hollow as long as nothing has been understood", warm)
    if not acts or acts <= {"other", "greeting"}:
        yield Fault(2.5, "the turn did nothing for the seeker", better)
    if any(moment.used.count(act) > 2 for act in acts):
        yield Fault(2, "the same thing for the fourth time", better)
    if acts != set(better):
        yield Fault(0.5, "something else would have helped more at this point", better)
