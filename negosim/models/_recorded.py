"""Servers that only a run folder names: the user's key goes there when the user says so.

A run folder may come from somebody else, and so may the servers in its header.
"""

import ipaddress
import os
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from negosim._text import several
from negosim.errors import UserError
from negosim.models._extra import variables_of
from negosim.models._spec import MODEL_VARIABLE, OPENAI_URL, ModelSpec, checked_url

KEY_VARIABLE = "NEGOSIM_API_KEY"


def servers_to_confirm(specs: Iterable[ModelSpec]) -> list[str]:
    """Return the servers that would get something secret of the user's and are not this machine.

    That is the key in `NEGOSIM_API_KEY`, and the variables that a model's headers name. Servers that the
    environment names, in `OPENAI_BASE_URL` or `NEGOSIM_MODEL`, are the user's own.
    """
    return list(_secrets_by_server(specs))


def confirm_servers(specs: Iterable[ModelSpec], send_key_to: Collection[str]) -> None:
    """Refuse to go on where a recorded server would get the user's key, or another variable, unasked.

    Args:
        specs: the models that a run's header names.
        send_key_to: URLs of servers that the user names for it.

    Raises:
        UserError: another server would get it.

    """
    allowed = {checked_url(url) for url in several(send_key_to)}
    for url, variables in _secrets_by_server(specs).items():
        if url not in allowed:
            raise UserError(
                f"the run's header names the server {url}, which would get your key in "
                f"{' and '.join(variables)}; if it may, add --send-key-to {url} (in Python, "
                f"send_key_to=[{url!r}]); else unset the variable"
            )


def _secrets_by_server(specs: Iterable[ModelSpec]) -> dict[str, list[str]]:
    """Return the variables that are set and would go to each server that is not the user's own."""
    own = {(os.environ.get("OPENAI_BASE_URL") or "").rstrip("/")}
    if model := os.environ.get(MODEL_VARIABLE):
        own.update(ModelSpec.parse(model).servers)
    found: dict[str, list[str]] = {}
    for spec, url in ((one, url) for one in specs for url in one.servers or (OPENAI_URL,)):
        variables = [KEY_VARIABLE] if spec.base_url else []  # another key is meant for OpenAI itself
        variables = [name for name in (*variables, *variables_of(spec.extra)) if os.environ.get(name)]
        if variables and url not in own and not _is_here(url):
            known = found.setdefault(url, [])
            known += [name for name in variables if name not in known]
    return found


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
