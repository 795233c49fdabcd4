"""`negosim cache`: the answers that are kept."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from negosim._text import money, plural
from negosim.errors import UserError
from negosim.models import Usage, cache_stats, clear_cache, price_of
from negosim.terminal import console_for, print_rows


def stats(
    json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Say which answers are kept, where, and what they would cost to ask for again."""
    found = cache_stats()
    rows, entries = [], []
    for entry in found.entries:
        price = price_of(entry.model)
        usage = Usage(entry.tokens_in, entry.tokens_out, entry.tokens_cached)
        usd = None if price is None else price.cost(usage)
        entries.append({**asdict(entry), "usd": usd})
        worth = "unknown" if usd is None else money(usd)
        rows.append(
            [entry.model, f"{entry.answers:,}", f"{entry.tokens_in:,}", f"{entry.tokens_out:,}", worth]
        )
    if json:
        typer.echo(orjson.dumps({"path": str(found.path), "bytes": found.bytes, "models": entries}).decode())
        return
    count = plural(sum(entry.answers for entry in found.entries), "answer")
    typer.echo(f"{found.path}: {count}, {found.bytes / 1e6:,.1f} MB")
    if rows:
        numbers = ("answers", "tokens in", "tokens out", "cost")
        print_rows(console_for(), ("model", *numbers), rows, numbers=numbers)


def clear() -> None:
    """Remove every answer that is kept. Runs are not touched."""
    try:
        before = plural(sum(entry.answers for entry in cache_stats().entries), "answer")
    except UserError:
        before = "a damaged file"
    clear_cache()
    typer.echo(f"removed {before}")
