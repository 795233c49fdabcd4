"""Faults: what a reply that is no answer says about the calls still to come, and what the user can do."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from negosim.errors import Fault

_CREDIT_CODES = frozenset(
    {"insufficient_quota", "insufficient_balance", "insufficient_credits", "insufficient_funds"}
    | {"billing_hard_limit_reached", "billing_not_active", "billing_error", "payment_required"}
    | {"arrearage", "accountoverdueerror", "out_of_credits", "credit_exhausted"}
)
_CREDIT = re.compile(
    r"(insufficient|not enough|out of|exhausted|depleted|negative)\s+(\w+\s+)?(balance|credits?|funds)\b|"
    r"(credits?|balance)\b.{0,30}\b(too low|exhausted|depleted|insufficient|used up)|"
    r"(doesn't|does not) have any credits|(add|buy|purchase) (more )?(credits|funds)|payment required|"
    r"billing (hard )?limit|billing is not active|spending limit|arrearage|"
    r"account (is )?(overdue|in arrears|not in good standing)",
    re.IGNORECASE,
)
_KEY_CODES = frozenset(
    {"invalid_api_key", "api_key_invalid", "authentication_error", "invalid_authentication"}
    | {"authentication_fails", "unauthenticated", "unauthorized", "invalid_token", "expired_api_key"}
)
_KEY = re.compile(
    r"(invalid|incorrect|wrong|missing|expired|revoked|unknown|no valid)\s+(\w+\s+)?"
    r"(api|access|auth\w*)[ _-]?(key|token)|(api|access|auth\w*)[ _-]?(key|token)\b.{0,40}"
    r"\b(not valid|invalid|expired|missing|revoked|incorrect|disabled)|authentication (failed|fails)|"
    r"(didn't|did not) provide an api key",
    re.IGNORECASE,
)
_MODEL_CODES = frozenset(
    {"model_not_found", "model_not_available", "model_decommissioned", "invalid_model", "unknown_model"}
    | {"model_not_supported", "modelnotfound", "deploymentnotfound"}
)
_MODEL = re.compile(
    r"\bmodel\b.{0,120}?(does not exist|do(es)?n't exist|not exist|not found|not available|is unknown|"
    r"not a valid model|decommissioned|deprecated|no longer (available|supported)|was retired)|"
    r"not a valid model|(unknown|invalid|no such|unsupported) model\b|no endpoints found|"
    r"deployment .{0,60}does not exist",
    re.IGNORECASE | re.DOTALL,
)
_MODERATED_CODES = frozenset(
    {"content_filter", "content_policy_violation", "moderation", "moderation_error"}
    | {"data_inspection_failed", "datainspectionfailed", "sensitive_words_detected"}
)
_MODERATED = re.compile(r"moderation|flagged|content.{0,20}polic|inappropriate content", re.IGNORECASE)
SHORTEST = 16
"""Tokens below which no number in a server's words is taken for the longest answer it allows."""
LENGTHS = ("max_tokens", "max_completion_tokens")
"""The settings that bound an answer."""


def fault_of(status: int, code: str, said: str, parameter: str, settings: Collection[str] = ()) -> Fault:
    """Return what is wrong where a server refused a request for good.

    Args:
        status: of the reply; where an error came dressed as an answer, the status it names.
        code: the server's name for the error.
        said: the server's words.
        parameter: the parameter it objects to.
        settings: the parameters that every call carries; without them, none is looked for.

    """
    if is_moderated(status, code, said):
        return "request"
    code = code.lower()
    if status == 402 or code in _CREDIT_CODES or _CREDIT.search(said):
        return "credit"
    if status == 429 or status >= 500:
        return "address" if status in (501, 505) else "request"
    if code in _MODEL_CODES or (status in (400, 403, 404, 422) and _MODEL.search(said)):
        return "model"
    if status in (401, 403, 407) or code in _KEY_CODES or _KEY.search(said):
        return "key"
    if status in (404, 410):
        return "model"
    if status in (405, 406, 415, 426) or 300 <= status < 400:
        return "address"
    if status in (400, 422) and refused_setting(said, parameter, settings):
        return "setting"
    return "request"


def is_moderated(status: int, code: str, said: str) -> bool:
    """Return whether a content filter refused a prompt, which it would do again."""
    if code.lower() in _MODERATED_CODES:
        return True
    money = status == 402 or code.lower() in _CREDIT_CODES or _CREDIT.search(said)
    return status in (400, 403, 422) and not money and bool(_MODERATED.search(said))


def refused_setting(said: str, parameter: str, settings: Collection[str]) -> str:
    """Return which of the settings every call carries a server objects to, "" if none."""
    if parameter:
        return next((name for name in settings if re.search(rf"\b{name}\b", parameter)), "")
    return next((name for name in settings if re.search(rf"\b{name}\b", said)), "")


@dataclass(frozen=True)
class ServedModel:
    """A model at its server, as messages name it."""

    name: str
    """As records have it."""
    model: str
    """As the server has it."""
    url: str
    key_variable: str
    """The environment variable the key is taken from."""
    has_key: bool


def explain(
    fault: Fault, place: ServedModel, status: int, said: str = "", setting: str = "", asked: int = 0
) -> str:
    """Say what is wrong and what to do, in negosim's own words.

    Args:
        fault: what is wrong.
        place: where.
        status: the reply's status.
        said: the server's words, of which only the largest length it allows is read.
        setting: the setting it objects to.
        asked: the longest answer asked for, in tokens.

    """
    url, number = place.url, f"(status {status})"
    match fault:
        case "credit":
            account = f"the account behind {place.key_variable}" if place.has_key else "the account"
            return f"{url}: {account} is out of credit {number}; add credit, then resume"
        case "key":
            if status == 407:
                return f"{url}: the proxy wants other credentials {number}; correct the proxy's variable"
            state = "refused the key in" if place.has_key else "wants a key; set"
            return f"{url} {state} {place.key_variable} {number}"
        case "model":
            return (
                f"{url} has no model {place.model!r}, or the URL is wrong (it usually ends in /v1) {number}"
            )
        case "address" if 300 <= status < 400:
            return f"{url} redirects elsewhere {number}; give the URL it redirects to"
        case "address":
            return f"{url} takes no chat completions {number}; correct the URL (it usually ends in /v1)"
        case "setting":
            refused = f"{place.name}: the server refuses {setting} {number}"
            return f"{refused}; {_instead(setting, said, asked)}"
        case "outage":
            return f"{url}: the server has failed for too long {number}; resume when it is up again"
    return f"{place.name}: the server rejected the request {number}"


def _instead(setting: str, said: str, asked: int) -> str:
    """Return what to set in place of what was refused."""
    if setting in LENGTHS:
        numbers = [int(number) for number in re.findall(r"\d+", said.replace(",", ""))]
        allowed = [number for number in numbers if SHORTEST <= number < asked]
        return f"add ?max_tokens={max(allowed) if allowed else 'N'} to the model's name"
    if setting == "response_format":
        return "set ?mode=prompt in the model's name, by which the form is only asked for in words"
    if setting not in ("temperature", "seed", "reasoning_effort"):
        return f"leave out ?body.{setting}, or give it another value"
    return f"set another in the model's name (?{setting}=N)"


def settings_of(body: Mapping[str, Any]) -> list[str]:
    """Return the parameters of a request that every call carries."""
    return [name for name in body if name not in ("messages", "model")]
