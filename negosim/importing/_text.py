"""Repair of texts: what happened to them on their way into published files is undone."""

import re
import unicodedata

_GB2312_AS_LATIN1 = re.compile("(?:[\xa1-\xa3][\xa1-\xfe])+")


def repair(text: str) -> str:
    """Return a text with its mojibake undone where that is certain, and white space collapsed.

    Punctuation that was encoded as GB2312 and read as Latin-1 ("¡ª" for a dash, "¡ê" for a pound sign)
    is decoded; escaped quotes lose their backslashes. What cannot be told is left as it is.
    """
    text = _GB2312_AS_LATIN1.sub(_decoded, text)
    text = re.sub(r"\\+(['\"])", r"\1", text)
    return " ".join(text.split())


def _decoded(match: re.Match[str]) -> str:
    try:
        return unicodedata.normalize("NFKC", match[0].encode("latin-1").decode("gb18030"))
    except UnicodeDecodeError:
        return match[0]


_CLITICS = "s|t|m|re|ve|ll|d"


def detokenize(text: str) -> str:
    """Return tokenised English ("I didn ' t , why ?") as it is written ("I didn't, why?")."""
    text = " ".join(text.split())
    text = re.sub(rf"(?<=\w) ?(['’]) ?({_CLITICS})\b", r"\1\2", text, flags=re.IGNORECASE)
    text = re.sub(r" n't\b", "n't", text)
    text = re.sub(r"(?<=[0-9]) ([.,:]) (?=[0-9])", r"\1", text)
    text = re.sub(r" ([.,!?;:%)\]])", r"\1", text)
    text = re.sub(r"([(\[$£]) ", r"\1", text)
    return re.sub(r"(?<=\w) - (?=\w)", "-", text)
