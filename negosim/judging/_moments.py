"""Moments in what people say: "tomorrow", "by Friday", "the thirtieth", as days from a day that is known."""

import re
from calendar import monthrange
from datetime import date

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR = {
    "yesterday": -1, "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
    "midnight": 0, "within the hour": 0, "within hours": 0, "tomorrow": 1,
}  # fmt: skip
_LOOSE = ("this week", "this weekend", "next week", "within days")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)
_ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    *("eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth"),
    *("eighteenth", "nineteenth", "twentieth"),
    *(f"twenty-{word}" for word in ("first", "second", "third", "fourth", "fifth")),
    *(f"twenty-{word}" for word in ("sixth", "seventh", "eighth", "ninth")),
    *("thirtieth", "thirty-first"),
)
_DAY = "|".join(_DAYS)
_HABIT = re.compile(rf"\b(?:every|each|most) (?:{_DAY})\b|\b(?:{_DAY}) (?:and|or|to|through) (?:{_DAY})\b")
"""Weekdays that name no moment: "every Friday", "the Saturday and Sunday paper"."""
_MOMENT = re.compile(rf"\b(?:{'|'.join((*_NEAR, *_LOOSE, *_DAYS))})\b")
_END = r"(?:is|are) (?:out|over|up)|ends?|closes|runs out"
_PERIOD_END = re.compile(
    r"\b(?:the )?(?:end|close|last day) of (?P<which>this|the|next) (?P<period>week|month|year)\b|"
    rf"\b(?P<which_ends>this|the|next) (?P<period_ends>week|month|year) (?:{_END})\b|"
    r"\b(?:(?P<which_own>this|the|next) )?(?P<own>week|month|year)(?:'s|\u2019s) end\b"
)
"""When a period ends: "the close of next month", "until the week is over"."""
_NTH = r"(?:\d{1,2}(?:st|nd|rd|th)|" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + ")"
_MONTH = "|".join(_MONTHS)
_DATE = re.compile(
    rf"\b(?P<month>{_MONTH}) (?:the )?(?P<day>\d{{1,2}}\b|{_NTH}\b)|"
    rf"\b(?P<day_of>\d{{1,2}}|{_NTH}) (?:of )?(?P<of>{_MONTH})\b|"
    rf"\b(?:by|on|until|till|before) the (?P<nth>{_NTH})\b(?! (?:of )?(?:{_MONTH})\b)"
)


OPEN = "open"
"""What `moments` has of words that say nothing presses."""
_PRESSES = r"(?:press|rush|hurr|forc|driv|bind|urg)\w*"
_OPEN = re.compile(
    rf"\b(?:no|nor any|without an?) (?:\w+ )?(?:deadline|date|time limit|hurry|rush|day by which)\b|"
    rf"\b(?:nothing|nobody|no one|no \w+) (?:\w+ ){{0,2}}{_PRESSES}|\bneeds? not (?:be )?{_PRESSES}|"
    r"\b(?:whenever|(?:at )?any (?:time|day)|as long as \w+ (?:likes?|wish|wishes|wants?|please)|"
    r"indefinitely|all the time (?:that )?\w+ (?:need|like|want|wish))\b"
)


def moments(text: str, today: date | None) -> set[int | str]:
    """Return the moments a text names: days from `today`, or their words where that is not known.

    A weekday or date is the next one; "next week" and its like stay words. That nothing presses is a moment
    of its own, `OPEN`.
    """
    small = _HABIT.sub("", text.casefold())
    found = {_period_end(match, today) for match in _PERIOD_END.finditer(small)}
    found |= {_moment(word, today) for word in _MOMENT.findall(_PERIOD_END.sub("", small))}
    if today is not None:
        dates = (_date(match, today) for match in _DATE.finditer(small))
        found |= {(named - today).days for named in dates if named is not None}
    return found | {OPEN} if _OPEN.search(small) else found


def _period_end(match: re.Match[str], today: date | None) -> int | str:
    """Return the last day of a month or year; weeks, whose last day is another for everybody, stay words."""
    which = "next" if "next" in (match["which"], match["which_ends"], match["which_own"]) else "this"
    period = match["period"] or match["period_ends"] or match["own"]
    if today is None or period == "week":
        return f"end of {which} {period}"
    if period == "year":
        return (date(today.year + (which == "next"), 12, 31) - today).days
    year, month = divmod(today.month - 1 + (which == "next"), 12)
    last = date(today.year + year, month + 1, monthrange(today.year + year, month + 1)[1])
    return (last - today).days


def _date(match: re.Match[str], today: date) -> date | None:
    """Return the next date that words name, None where there is no such day."""
    said = match["day"] or match["day_of"] or match["nth"]
    day = _ORDINALS.index(said) + 1 if said in _ORDINALS else int(re.sub(r"\D", "", said))
    month = match["month"] or match["of"]
    if match["month"] == "may" and said.isdigit():  # it may 3 times as well be something else
        return None
    for ahead in range(13):
        year, past = divmod(today.month - 1 + ahead, 12)
        if month is not None and past != _MONTHS.index(month):
            continue
        if (
            day <= monthrange(today.year + year, past + 1)[1]
            and (named := date(today.year + year, past + 1, day)) >= today
        ):
            return named
    return None


def _moment(word: str, today: date | None) -> int | str:
    if word in _NEAR:
        return _NEAR[word]
    if word in _DAYS and today is not None:
        return (_DAYS.index(word) - today.weekday()) % 7
    return word
