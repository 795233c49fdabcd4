"""Write the reference part of docs/cli.md from the command line itself.

python docs/make_cli_reference.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from negosim.cli.app import app

PAGE = Path(__file__).with_name("cli.md")
MARK = "<!-- From here on made by docs/make_cli_reference.py -->\n"


def page() -> str:
    """Return the page with its reference made anew."""
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return written + (mark or MARK) + "\n".join(_reference())


def _reference() -> Iterator[str]:
    for path, command in _commands(typer.main.get_command(app), "negosim"):
        yield f"\n## `{path}`\n"
        yield f"{_paragraphs(command.help)}\n"
        yield from map(_entry, command.params)
    yield ""


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    for name in command.list_commands(None):
        yield from _commands(command.get_command(None, name), f"{path} {name}")


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


def _entry(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        name = parameter.metavar
    else:
        name = ", ".join([*sorted(parameter.opts, key=len), *parameter.secondary_opts])
        name += "" if parameter.is_flag else f" {_value(parameter)}"
    text = f"{parameter.help} " if parameter.help else ""
    return f"- `{name}`: {text}{_default(parameter)}".rstrip(": ")


def _value(parameter: Any) -> str:
    # Older typers keep the choices in click's type, newer ones in a descriptor of their own.
    kind = getattr(parameter, "type_descriptor", None) or parameter.type
    return parameter.metavar or "|".join(kind.choices)


def _default(parameter: Any) -> str:
    if parameter.required:
        return "Required."
    variable = f"`{parameter.envvar}`, else " if parameter.envvar else ""
    if isinstance(parameter.show_default, str):
        return f"Default: {variable}{parameter.show_default}."
    if parameter.default is None or isinstance(parameter.default, bool):
        return ""
    return f"Default: {variable}`{parameter.default}`."


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
