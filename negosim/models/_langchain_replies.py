"""Replies and errors of LangChain's models, in the terms of the chat completions protocol.

Read in those terms, an answer of any provider keeps to the same rules: what is an answer, what is a
refusal, what may pass, what concerns every call to come.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from negosim.errors import ModelError
from negosim.models._faults import fault_of
from negosim.models._reply import Reply
from negosim.models._secrets import Secrets
from negosim.models._sending import NotConnectedError, PassingError, SlowError

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

_ENDS = ("finish_reason", "stop_reason", "stopReason", "done_reason")
"""Where providers' packages put why an answer ended."""
_STATUSES = {
    "ModelAuthenticationError": 401,
    "ModelPermissionDeniedError": 403,
    "ModelNotFoundError": 404,
    "ContextOverflowError": 413,
    "ModelInvalidRequestError": 400,
    "ModelRateLimitError": 429,
    "ModelAPIError": 500,
}
"""The statuses that LangChain's own classes of errors stand for."""
_REFUSALS = frozenset({"ModelRefusalError", "ContentFilterFinishReasonError"})
_UNREACHED = frozenset({"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "ClientConnectorError"})
_LOST = frozenset({"ModelConnectionError", "TransportError", "ConnectionError", "ClientError", "HTTPError"})
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError)
_ARGUMENT = re.compile(r"unexpected keyword argument '(\w+)'")
_DEEPEST = 6


def completion_of(message: "AIMessage") -> dict[str, Any]:
    """Return a message as the body of a reply of the chat completions protocol.

    The arguments of the one call of a tool are the text: some providers hold an answer to its form so.
    """
    content: dict[str, Any] = {"content": _arguments(message) or str(message.text)}
    if _refused(message):
        content["refusal"] = "refused"
    if thought := message.additional_kwargs.get("reasoning_content"):
        content["reasoning_content"] = thought
    choice = {"message": content, "finish_reason": _end(message.response_metadata)}
    return {"choices": [choice], "usage": _usage(message)}


def reply_to(error: Exception, place: str, secrets: Secrets, sent: int) -> tuple[Reply, Mapping[str, str]]:
    """Return the reply that an exception of a provider's package stands for, and its headers.

    Args:
        error: what was raised.
        place: where the model is, as messages name it.
        secrets: what is taken out of the provider's words.
        sent: how often the request has been sent.

    Raises:
        PassingError: it stands for none; what it stands for may pass.
        ModelError: it stands for none and will not pass.

    """
    causes = list(_causes(error))
    for cause in causes:
        found = _status_of(cause)
        if found is not None:
            status, body, headers = found
            return Reply.read(status, secrets.redact(body), sent), headers
    names = {cls.__name__ for cause in causes for cls in type(cause).__mro__}
    said = secrets.redact_text(str(error))
    if names & _REFUSALS:
        return _error(400, "refused", sent, code="content_filter"), {}
    status = next((status for name, status in _STATUSES.items() if name in names), 0)
    if status:
        return _error(status, said, sent), {}
    if names & _UNREACHED:
        raise NotConnectedError("cannot connect")
    if any("Timeout" in name for name in names):
        raise SlowError("no answer in time", lost=True)
    if names & _LOST or "Event loop is closed" in said:
        raise PassingError(f"the connection was lost ({type(error).__name__})", lost=True)
    raise _own_failure(error, place, said)


def _own_failure(error: Exception, place: str, said: str) -> Exception:
    """Return what an error means that comes from the provider's package, not from its server."""
    kind = type(error).__name__
    if argument := _ARGUMENT.search(said):
        return ModelError(
            f"{place}: the provider's package takes no {argument[1]!r}; leave it out", fault="setting"
        )
    fault = fault_of(400, "", said, "")
    if fault != "request":
        return ModelError(f"{place}: the provider's package failed ({kind})", fault=fault, said=said)
    if isinstance(error, _MALFORMED):
        return PassingError(f"the reply holds no answer ({kind} in the provider's package)", lost=True)
    return ModelError(f"{place}: the provider's package failed ({kind})", said=said)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those it was raised from: packages put their own in place of the SDK's."""
    found: BaseException | None = error
    for _ in range(_DEEPEST):
        if found is None:
            return
        yield found
        found = found.__cause__ or found.__context__


def _status_of(error: BaseException) -> tuple[int, bytes, Mapping[str, str]] | None:
    """Return the status, body and headers of the reply that an error was raised for, if any."""
    completion = getattr(error, "completion", None)  # the SDK raises what it holds to be cut off
    if completion is not None and hasattr(completion, "model_dump_json"):
        return 200, completion.model_dump_json().encode(), {}
    response = getattr(error, "response", None)
    status = _as_status(getattr(response, "status_code", None))
    if status is not None:
        try:
            return status, response.content, response.headers  # type: ignore[union-attr]
        except Exception:  # its body has not been read, and cannot be any more
            return status, b"", {}
    if isinstance(response, Mapping) and isinstance(response.get("ResponseMetadata"), Mapping):  # botocore
        status = _as_status(response["ResponseMetadata"].get("HTTPStatusCode"))
        told = response.get("Error") or {}
        if status is not None:
            return status, _body(str(told.get("Message", "")), str(told.get("Code", ""))), {}
    for name in ("status_code", "code", "http_status", "status"):
        status = _as_status(getattr(error, name, None))
        if status is not None:
            return status, _body(str(error)), {}
    return None


def _as_status(value: Any) -> int | None:
    if isinstance(value, HTTPStatus):
        value = value.value
    return value if type(value) is int and 300 <= value < 600 else None


def _error(status: int, said: str, sent: int, code: str = "") -> Reply:
    return Reply.read(status, _body(said, code), sent)


def _body(said: str, code: str = "") -> bytes:
    return orjson.dumps({"error": {"message": said, "code": code}})


def _arguments(message: "AIMessage") -> str:
    calls = [*message.tool_calls, *message.invalid_tool_calls]
    if len(calls) != 1:
        return ""
    arguments = calls[0]["args"]
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def _refused(message: "AIMessage") -> bool:
    if message.additional_kwargs.get("refusal"):
        return True
    parts = message.content if isinstance(message.content, list) else []
    return any(isinstance(part, dict) and part.get("type") == "refusal" for part in parts)


def _end(metadata: Mapping[str, Any]) -> Any:
    """Return why an answer ended; OpenAI's Responses API says so only where it is incomplete."""
    incomplete = metadata.get("incomplete_details")
    if isinstance(incomplete, Mapping):
        return incomplete.get("reason") or "length"
    return next((metadata[name] for name in _ENDS if metadata.get(name)), None)


def _usage(message: "AIMessage") -> dict[str, Any]:
    """Return the counts of tokens; with service tiers, the details' names begin with the tier's."""
    usage = message.usage_metadata
    if usage is None:
        return {}

    def detail(part: str, name: str) -> int:
        details: Mapping[str, Any] = dict(usage).get(part) or {}  # type: ignore[assignment]
        return sum(details.get(key) or 0 for key in (name, f"flex_{name}", f"priority_{name}"))

    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "prompt_tokens_details": {"cached_tokens": detail("input_token_details", "cache_read")},
        "completion_tokens_details": {"reasoning_tokens": detail("output_token_details", "reasoning")},
    }
