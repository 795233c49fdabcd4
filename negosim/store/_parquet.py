"""A run as Parquet files, for DuckDB, Arrow, pandas, polars or Spark: written row group by row group."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from negosim._files import whole_folder
from negosim.errors import UserError
from negosim.records import Dialogue, Sheet, Turn, account_totals
from negosim.store._parquet_schema import TABLES

if TYPE_CHECKING:
    import pyarrow as pa

    from negosim.store._run import Run

ROWS = 20_000
"""Rows kept before they are written as a row group."""


def export_parquet(run: "Run", out: str | Path) -> dict[str, int]:
    """Write a run as one Parquet file for each table of `PARQUET_TABLES`.

    Memory does not grow with the run. The folder appears whole or not at all.

    Args:
        run: the run; it may still be incomplete.
        out: the folder to make.

    Returns:
        Rows written, by table.

    Raises:
        UserError: pyarrow is missing, the folder is there already or cannot be written, or a line of the run
            is broken.

    Examples:
        >>> import negosim
        >>> from negosim.store import export_parquet
        >>> rows = export_parquet(negosim.Run.open("my-run"), "tables")
        >>> rows["dialogues"]
        1

    """
    check_pyarrow()
    folder = Path(out).expanduser()
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise UserError(f"{str(out)!r} is there already; name a new folder or remove it")
    with whole_folder(folder) as part:
        with ExitStack() as stack:
            tables = {name: stack.enter_context(_ParquetFile(part, name)) for name in TABLES}
            for dialogue in run:
                tables["dialogues"].add(_dialogue(dialogue))
                for turn in dialogue.turns:
                    for table, row in _of_turn(dialogue, turn):
                        tables[table].add(row)
            for sheet in run.judgements():
                for row in _judgements(sheet):
                    tables["judgements"].add(row)
        return {name: table.rows for name, table in tables.items()}


def check_pyarrow() -> None:
    """Check that Parquet can be written.

    Raises:
        UserError: pyarrow is not installed.

    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise UserError("Parquet needs pyarrow: pip install 'negosim[parquet]'") from None


class _ParquetFile:
    """One Parquet file in the making."""

    def __init__(self, folder: Path, name: str) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        fields = [
            pa.field(column, _arrow(kind), metadata={"description": meaning})
            for column, kind, meaning in TABLES[name]
        ]
        self._schema: pa.Schema = pa.schema(fields)
        self._writer = pq.ParquetWriter(folder / f"{name}.parquet", self._schema, compression="zstd")
        self._kept: list[Mapping[str, Any]] = []
        self.rows = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row."""
        self._kept.append(row)
        self.rows += 1
        if len(self._kept) >= ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._kept:
            self._writer.write_table(pa.Table.from_pylist(self._kept, schema=self._schema))
            self._kept = []

    def __enter__(self) -> "_ParquetFile":
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()


def _arrow(kind: str) -> "pa.DataType":
    import pyarrow as pa

    if kind.startswith("list of "):
        return pa.list_(_arrow(kind.removeprefix("list of ")))
    return {
        "text": pa.string(),
        "JSON": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
    }[kind]


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _dialogue(dialogue: Dialogue) -> dict[str, Any]:
    outcome, account = dialogue.outcome, dialogue.account
    return {
        "dialogue": dialogue.id,
        "scenario": dialogue.scenario,
        "condition": dialogue.condition.name,
        "deceptive": dialogue.condition.deceptive,
        "index": dialogue.index,
        "seed": str(dialogue.seed),
        "models": dialogue.models,
        "status": dialogue.status,
        "end": dialogue.end,
        "turns": len(dialogue.turns),
        "outcome": outcome.status,
        "deal": _json(outcome.deal),
        "values": outcome.values,
        "joint_value": outcome.joint_value,
        "rational": outcome.rational,
        "pareto_distance": outcome.pareto_distance,
        "nash_ratio": outcome.nash_ratio,
        "rewards": outcome.rewards,
        "measurements": _json([one.model_dump(mode="json") for one in dialogue.measurements]),
        **account_totals(account),
        "seconds": dialogue.seconds,
    }


def _of_turn(dialogue: Dialogue, turn: Turn) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a turn, each with its table."""
    said = turn.utterance
    where = {"dialogue": dialogue.id, "turn": turn.index, "role": turn.role}
    yield (
        "turns",
        {
            **where,
            "model": dialogue.models[turn.role],
            "text": said.text,
            "action": said.action,
            "wordless": said.wordless,
            "marks": turn.marks,
        },
    )
    yield (
        "thoughts",
        {
            **where,
            "tactic": turn.tactic,
            "reflection": turn.reflection,
            "draft": turn.draft,
            "asides": _json([aside.model_dump(mode="json") for aside in turn.asides]),
            "rollouts": _json([one.model_dump(mode="json") for one in turn.rollouts]),
            "chosen": turn.chosen,
        },
    )
    for issue, value in (said.offer or {}).items() if said.action == "offer" else ():
        yield "offers", {**where, "issue": issue, "value": str(value), "number": _number(value)}
    for claim in turn.claims:
        yield (
            "claims",
            {
                **where,
                "subject": claim.subject,
                "issue": claim.issue,
                "quote": claim.quote,
                "stated": _json(claim.stated),
                "actual": _json(claim.actual),
                "true": claim.true,
                "technique": claim.technique,
                "left_out": claim.left_out,
            },
        )


def _judgements(sheet: Sheet) -> Iterator[dict[str, Any]]:
    whole = {
        "dialogue": sheet.dialogue,
        "questions": sheet.questions,
        "perspective": sheet.perspective,
        "judge": sheet.judge,
        "fingerprint": sheet.fingerprint,
        "repeat": sheet.repeat,
        "usd": None if sheet.usd is None else sheet.usd / max(1, len(sheet.judgements)),
    }
    for one in sheet.judgements:
        yield {
            **whole,
            "question": one.question,
            "role": one.agent,
            "turn": one.turn,
            "status": one.status,
            "value": _json(one.value),
            "number": _number(one.value),
            "reason": one.reason,
            "evidence": one.evidence,
            "detail": _json(one.detail),
        }


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
