import pytest
import tenacity

from .transports import TRANSPORTS


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    """Open a model by its spec: each transport in turn."""
    return TRANSPORTS[request.param]


@pytest.fixture
def no_pauses(monkeypatch):
    monkeypatch.setattr("negosim.models._http._backoff", tenacity.wait_none())
    monkeypatch.setattr("negosim.models._limiter.FIRST_PAUSE", 0.0)
