"""Servers that only a run folder names: the user's key goes there when the user says so.

A run folder may come from somebody else, and so may the servers in its header.
"""

import ipaddress
import os
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from negosim.errors import UserError
from negosim.models._spec import MODEL_VARIABLE, ModelSpec, checked_url

KEY_VARIABLE = "NEGOSIM_API_KEY"


def servers_to_confirm(specs: Iterable[ModelSpec]) -> list[str]:
    """Return the servers that would get the key in `NEGOSIM_API_KEY` and are not this machine.

    Servers that the environment names, in `OPENAI_BASE_URL` or `NEGOSIM_MODEL`, are the user's own.
    """
    if not os.environ.get(KEY_VARIABLE):
        return []
    named = {(os.environ.get("OPENAI_BASE_URL") or "").rstrip("/")}
    if model := os.environ.get(MODEL_VARIABLE):
        named.add(ModelSpec.parse(model).base_url or "")
    urls = dict.fromkeys(spec.base_url for spec in specs if spec.base_url)
    return [url for url in urls if url not in named and not _is_here(url)]


def confirm_servers(specs: Iterable[ModelSpec], send_key_to: Collection[str]) -> None:
    """Refuse to go on where a recorded server would get the user's key unasked.

    Args:
        specs: the models that a run's header names.
        send_key_to: URLs of servers that the user names for it.

    Raises:
        UserError: another server would get it.

    """
    allowed = {checked_url(url) for url in send_key_to}
    for url in servers_to_confirm(specs):
        if url not in allowed:
            raise UserError(
                f"the run's header names the server {url}, which would get your key in {KEY_VARIABLE}; if it "
                f"may, add --send-key-to {url} (in Python, send_key_to=[{url!r}]); else unset the variable"
            )


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
