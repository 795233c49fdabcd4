"""Strict JSON: what two readers would read differently is no JSON here."""

import json
import math
from typing import Any, NoReturn

import orjson

MOST_EXACT = 2**53
"""Whole numbers beyond this are rounded by readers that have floating point only."""


def read_strictly(text: str) -> Any:
    """Read a JSON document of which every reader makes the same.

    Raises:
        ValueError: it is no JSON, or has keys twice in one object, NaN or infinite numbers, whole numbers
            that are rounded by some readers, half a surrogate pair, or is nested too deeply. The reason
            quotes nothing of it.

    """
    try:
        orjson.loads(text)  # has the clearest words, and is the one that minds surrogates
        return _STRICT.decode(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg}, line {error.lineno})") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read_body(body: bytes) -> Any:
    """Read a server's body: as strictly, but for numbers, of which most are nobody's concern.

    Raises:
        ValueError: it is no JSON, or has keys twice in one object.

    """
    try:
        return _LENIENT.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stood twice in one object")
    return made


def _integer(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) > MOST_EXACT:
        _refuse_number()
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse_number()
    return number


def _refuse_number() -> NoReturn:
    raise ValueError("a number was larger than all readers can tell exactly")


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_finite)
_LENIENT = json.JSONDecoder(object_pairs_hook=_object)
"""Made once: `json.loads` makes one for every call that has a hook."""
