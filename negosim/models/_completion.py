"""A completion: what a reply of the chat completions protocol holds, read as strictly as an answer is."""

import math
from dataclasses import dataclass
from typing import Any

from negosim.models._types import Finish, Usage

MOST_TOKENS = 10_000_000
"""No call uses as many tokens, so a larger count is none."""

_ENDS: dict[str, Finish] = {
    **dict.fromkeys(("", "stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete"), "stop"),
    **dict.fromkeys(("tool_calls", "tool_use", "function_call"), "stop"),
    **dict.fromkeys(("length", "max_tokens", "model_length", "max_output_tokens"), "length"),
    "refusal": "refusal",
    **dict.fromkeys(("content_filter", "safety", "sensitive", "recitation"), "filtered"),
    **dict.fromkeys(("blocklist", "prohibited_content", "spii", "guardrail_intervened"), "filtered"),
}
"""How servers say that an answer ended. What else they say, they say of a failure of their own."""


@dataclass(frozen=True)
class ChatCompletion:
    """What a server's answer holds."""

    text: str
    finish: Finish
    usage: Usage


def read_completion(data: Any) -> ChatCompletion:
    """Read the body of an answer.

    Text is the message's content, or its text parts joined; thoughts beside it are left out. Where there
    is no content, it is the bare JSON object in the reasoning channel, where servers leave it that wait
    for the end of a thought, or the arguments of the one call of a tool.

    Raises:
        ValueError: it is no completion. The reason quotes nothing of it.

    """
    choice = _first_choice(data)
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ValueError("its choice has no message")
    finish = _finish(choice.get("finish_reason"))
    text, refused = _text(message.get("content"))
    if refused or message.get("refusal"):
        finish = "refusal"
    elif finish == "stop" and not text.strip():
        text, finish = _elsewhere(message)
    if not text.isascii() and not _is_unicode(text):
        raise ValueError("its text holds half a surrogate pair")
    return ChatCompletion(text, finish, read_usage(data.get("usage")))


def read_usage(data: Any) -> Usage:
    """Read the counts of tokens; one that cannot be is 0, which stands for not known."""
    if not isinstance(data, dict):
        return Usage()
    details = data.get("prompt_tokens_details")
    tokens_in = _count(data.get("prompt_tokens"))
    told = details.get("cached_tokens") if isinstance(details, dict) else None
    cached = _count(data.get("prompt_cache_hit_tokens") if told is None else told)  # the latter is DeepSeek's
    tokens_out = _count(data.get("completion_tokens"))
    spent = data.get("completion_tokens_details")
    reasoning = _count(spent.get("reasoning_tokens") if isinstance(spent, dict) else None)
    # OpenAI counts reasoning among the completion's tokens; xAI and some gateways in the total alone.
    if _count(data.get("total_tokens")) >= tokens_in + tokens_out + reasoning:
        tokens_out += reasoning
    return Usage(tokens_in, tokens_out, min(cached, tokens_in), min(reasoning, tokens_out))


def _first_choice(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError("it is no JSON object")
    choices = data.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ValueError("it has no choices")
    if not isinstance(choices[0], dict):
        raise ValueError("its choice is no object")
    if choices[0].get("error") or data.get("error"):
        raise ValueError("it holds an error")
    return choices[0]


def _finish(said: Any) -> Finish:
    if said is None:
        return "stop"
    finish = _ENDS.get(said.lower()) if isinstance(said, str) else None
    if finish is None:
        raise ValueError("it ended for a reason that is not known (finish_reason)")
    return finish


def _text(content: Any) -> tuple[str, bool]:
    """Return the text of a message, and whether a part of it says that the model refused."""
    if content is None or isinstance(content, str):
        return content or "", False
    if not isinstance(content, list):
        raise ValueError("its content is no text")
    texts, refused = list[str](), False
    for part in content:
        if isinstance(part, str):
            texts.append(part)
            continue
        if not isinstance(part, dict):
            raise ValueError("a part of its content is no text")
        refused = refused or part.get("type") == "refusal"
        if part.get("type", "text") in ("text", "output_text"):
            if not isinstance(part.get("text"), str):
                raise ValueError("a part of its content is no text")
            texts.append(part["text"])
    return "".join(texts), refused


def _elsewhere(message: dict[str, Any]) -> tuple[str, Finish]:
    """Return what stands in the reasoning channel where the content is empty."""
    channels = (message.get(name) for name in ("reasoning_content", "reasoning"))
    thought = next((text.strip() for text in channels if isinstance(text, str) and text.strip()), "")
    if thought.startswith("{") and thought.endswith("}"):
        return thought, "stop"
    return (_arguments(message), "stop") if not thought else ("", "reasoning")


def _arguments(message: dict[str, Any]) -> str:
    """Return the arguments of the one call of a tool, by which some gateways have an answer in a form."""
    calls = message.get("tool_calls")
    call = calls[0] if isinstance(calls, list) and len(calls) == 1 else None
    function = call.get("function") if isinstance(call, dict) else None
    arguments = function.get("arguments") if isinstance(function, dict) else None
    return arguments if isinstance(arguments, str) else ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return math.ceil(value) if 0 <= value <= MOST_TOKENS else 0
