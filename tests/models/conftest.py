import ssl

import pytest
import tenacity

from .transports import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def transport(request, monkeypatch):
    """Open a model by its spec: each transport in turn."""
    if request.param == "langchain":
        # Certificates are read for every new URL, for 70 ms; loopback has none.
        monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *args: None, raising=False)
    return TRANSPORTS[request.param]


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr("negosim.models._sending._backoff", tenacity.wait_none())
    monkeypatch.setattr("negosim.models._limiter.FIRST_PAUSE", 0.0)
