"""Tracing to an outside service: whether the environment has switched it on, said once a run."""

import logging
import os
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

_SWITCHES = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")
_OTEL = ("LANGSMITH_OTEL_ENABLED", "LANGCHAIN_OTEL_ENABLED")
_PLACES = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT")
_COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_LANGSMITH = "https://api.smith.langchain.com"


def tell_of_tracing() -> None:
    """Warn that what is private leaves the machine, if it does."""
    switch = next((name for name in _SWITCHES if os.environ.get(name, "").strip()), None)
    if switch is None or os.environ[switch] != "true":  # LangSmith takes no other word for yes
        return
    logger.warning(
        "%s is set: the private briefs and thoughts of all agents are sent to %s; unset it to keep them here",
        switch,
        _destination(),
    )


def _destination() -> str:
    """Return the host that traces go to; the rest of a URL may hold a password."""
    otel = any(os.environ.get(name, "").lower() == "true" for name in _OTEL)
    named = next(filter(None, map(os.environ.get, _COLLECTORS if otel else _PLACES)), "")
    try:
        host = urlsplit(named or _LANGSMITH).hostname
    except ValueError:
        host = None
    return host or "another service"
