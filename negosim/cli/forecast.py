"""Output of `negosim generate --dry-run`."""

from collections.abc import Sequence

import typer

from negosim._text import money, plural
from negosim.engine import Forecast, StageForecast
from negosim.terminal import console_for, print_rows

NUMBERS = ("calls", "tokens in", "tokens out", "cost", "with cache", "at most")


def tell_forecast(forecast: Forecast, *, json: bool) -> None:
    """Print what a run will need, and what the numbers rest on."""
    if json:
        typer.echo(forecast.model_dump_json())
        return
    each = plural(forecast.max_turns, "utterance")
    typer.echo(f"{plural(forecast.dialogues, 'dialogue')} of at most {each}; nothing was sent or written")
    if not forecast.stages:
        typer.echo("the simulated negotiator plays: no model calls, no cost")
        return
    rows = [[part.stage, part.model, *_numbers([part])] for part in forecast.stages]
    rows.append(["total", "", *_numbers(forecast.stages)])
    print_rows(console_for(), ("stage", "model", *NUMBERS), rows, numbers=NUMBERS)
    most = sum(part.most_tokens_in + part.most_tokens_out for part in forecast.stages)
    typer.echo(
        "An estimate: every dialogue goes to its cap, every answer is usable, texts are of typical length.\n"
        "An answer asked for again needs a call more. With cache: a prefix cache that misses nothing.\n"
        f"At most (longest texts, a token a byte): {most:,} tokens."
    )
    if ends := _earlier(forecast.shares):
        typer.echo(f"A dialogue that ends earlier needs less: {ends}.")
    unknown = dict.fromkeys(part.model for part in forecast.stages if part.usd is None)
    for model in unknown:
        typer.echo(f"the price of {model} is not known; give it in a file that NEGOSIM_PRICES names")


def _earlier(shares: Sequence[float]) -> str:
    """Say what dialogues need that end after a third of their utterances, and after two."""
    ends = [len(shares) * part // 3 for part in (1, 2)]
    told = (f"{shares[end - 1]:.0%} of it after {plural(end, 'utterance')}" for end in ends if end)
    return ", ".join(told)


def _numbers(parts: Sequence[StageForecast]) -> list[str]:
    return [
        f"{sum(part.calls for part in parts):,}",
        f"{sum(part.tokens_in for part in parts):,}",
        f"{sum(part.tokens_out for part in parts):,}",
        _money([part.usd for part in parts]),
        _money([part.usd_cached for part in parts]),
        _money([part.most_usd for part in parts]),
    ]


def _money(amounts: Sequence[float | None]) -> str:

    known = [usd for usd in amounts if usd is not None]
    return money(sum(known)) if len(known) == len(amounts) else "unknown"
