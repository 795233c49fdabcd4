"""Folders of trajectories: `trajectories.jsonl` or `trajectories.parquet`, and `card.json` beside it."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import ValidationError

from negosim._checksum import DIFFERS, DamageError, checked, checksum_of, with_checksum
from negosim._files import check_free, check_makeable, first_error, unreadable, whole_folder
from negosim.errors import UserError
from negosim.importing import Drops
from negosim.rl._card import CARD, Card, Origin, TrajectoryTally
from negosim.rl._trajectory import Split, Trajectory

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["jsonl", "parquet"]

STEM = "trajectories"

_BATCH = 1000


def check_new(folder: Path) -> None:
    """Check that a folder can be made: nothing of its name is there, or an empty folder.

    Raises:
        UserError: something is, or it cannot be made.

    """
    check_free(folder)
    check_makeable(folder)


def write_trajectories(
    folder: str | Path,
    trajectories: Iterable[Trajectory],
    origin: Origin,
    *,
    drops: Drops | None = None,
    format: Format = "jsonl",
) -> Card:
    """Write trajectories and their data card to a new folder; it appears whole or not at all.

    `drops` may still grow while `trajectories` are drawn.

    Raises:
        UserError: the folder is not empty or cannot be written, there are no trajectories, or two have
            the same id.

    """
    target = Path(folder).expanduser()
    check_new(target)
    tally, file = TrajectoryTally(), f"{STEM}.{format}"
    with whole_folder(target) as part:
        _write(part / file, _counted(trajectories, tally), format)
        drops = drops or Drops()
        card = tally.card(origin, file, drops, checksum=checksum_of(part / file))
        if card.trajectories == 0:
            raise UserError(f"no trajectory is left to write: {_reasons(drops)}")
        content = orjson.dumps(card.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
        (part / CARD).write_bytes(with_checksum(content))
    return card


def _reasons(drops: Drops) -> str:
    listed = "; ".join(f"{count:,} dropped: {reason}" for reason, count in drops.counts.most_common())
    return listed or "the source is empty"


def _counted(trajectories: Iterable[Trajectory], tally: TrajectoryTally) -> Iterator[Trajectory]:
    seen: set[str] = set()
    for trajectory in trajectories:
        if trajectory.id in seen:
            raise UserError(f"two trajectories have the id {trajectory.id!r}; ids must differ")
        seen.add(trajectory.id)
        tally.add(trajectory)
        yield trajectory


def _write(path: Path, trajectories: Iterator[Trajectory], format: Format) -> None:
    if format == "jsonl":
        with path.open("wb") as file:
            for trajectory in trajectories:
                file.write(orjson.dumps(trajectory.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE))
        return
    pa, pq = _arrow()
    schema = _schema(pa)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := [_to_row(trajectory) for trajectory in islice(trajectories, _BATCH)]:
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))


def read_trajectories(path: str | Path, *, split: Split | None = None) -> Iterator[Trajectory]:
    """Read trajectories from a folder, or from a `.jsonl` or `.parquet` file, in stored order.

    Where a data card beside the file has its checksum, it must be that.

    Args:
        path: the folder or file.
        split: only those of this split.

    Raises:
        UserError: nothing is there, the file is damaged, or a row is wrong: names file, row and field.

    """
    file = _file_of(Path(path).expanduser())
    _check_damage(file)
    rows = _parquet_rows(file) if file.suffix == ".parquet" else _jsonl_rows(file)
    return _read(file, rows, split)


def _read(file: Path, rows: Iterator[Any], split: Split | None) -> Iterator[Trajectory]:
    number = 0
    try:
        for row in rows:
            number += 1
            trajectory = Trajectory.model_validate(row)
            if split is None or trajectory.split == split:
                yield trajectory
    except ValidationError as error:
        raise UserError(f"{file}, row {number}: {first_error(error)}") from None
    except orjson.JSONDecodeError as error:
        raise UserError(f"{file}, row {number + 1}: not valid JSON: {error.msg}") from None
    except OSError as error:
        raise unreadable(file, error) from None


def read_card(folder: str | Path) -> Card:
    """Read the data card of a folder of trajectories.

    Raises:
        UserError: there is none, it is damaged, or it is not readable by this version.

    """
    file = Path(folder).expanduser() / CARD
    try:
        return Card.model_validate_json(checked(file.read_bytes())[0])
    except DamageError as error:
        raise UserError(
            f"{file}: {error}; make the folder again, or, if you have changed the card yourself, remove its "
            "last field, crc32"
        ) from None
    except OSError as error:
        raise unreadable(file, error) from None
    except ValidationError as error:
        raise UserError(f"{file}: {first_error(error)}; was it written by another version?") from None


def _check_damage(file: Path) -> None:
    if not (file.parent / CARD).exists():
        return
    card = read_card(file.parent)
    if card.file != file.name or card.file_crc32 is None:
        return
    try:
        found = checksum_of(file)
    except OSError as error:
        raise unreadable(file, error) from None
    if found != card.file_crc32:
        raise UserError(
            f"{file}: {DIFFERS}; make the folder again, or, if you have changed the file yourself, move it "
            f"away from the {CARD} beside it"
        )


def _file_of(path: Path) -> Path:
    if path.is_file() and path.suffix in (".jsonl", ".parquet"):
        return path
    for format in ("jsonl", "parquet"):
        if (file := path / f"{STEM}.{format}").is_file():
            return file
    raise UserError(
        f"no trajectories at {str(path)!r}: neither {STEM}.jsonl nor {STEM}.parquet is there; "
        "make them with: negosim rl prepare SOURCE --out FOLDER"
    )


def _jsonl_rows(file: Path) -> Iterator[Any]:
    with file.open("rb") as lines:
        for line in lines:
            yield orjson.loads(line)


def _parquet_rows(file: Path) -> Iterator[Any]:
    pa, pq = _arrow()
    try:
        with pq.ParquetFile(file) as table:
            names = {field.name for field in _schema(pa)}
            if missing := sorted(names - set(table.schema_arrow.names)):
                raise UserError(f"{file}: columns are missing: {', '.join(missing)}")
            for batch in table.iter_batches(_BATCH, columns=sorted(names)):
                yield from map(_from_row, batch.to_pylist())
    except pa.ArrowException as error:
        raise UserError(f"{file}: not a readable Parquet file: {error}") from None


def _to_row(trajectory: Trajectory) -> dict[str, Any]:
    row = trajectory.model_dump(mode="json")
    # Their keys differ from row to row; a Parquet column has one type.
    for name in ("ancestry", "meta"):
        row[name] = None if row[name] is None else orjson.dumps(row[name]).decode()
    return row


def _from_row(row: dict[str, Any]) -> dict[str, Any]:
    for name in ("ancestry", "meta"):
        row[name] = None if row[name] is None else orjson.loads(row[name])
    return row


def _schema(pa: Any) -> "pa.Schema":
    turn = pa.struct(
        [("role", pa.string()), ("text", pa.string()), ("tactic", pa.string()), ("reward", pa.float64())]
    )
    return pa.schema(
        [
            ("id", pa.string()),
            ("source", pa.string()),
            ("split", pa.string()),
            ("system", pa.string()),
            ("turns", pa.list_(turn)),
            ("reward", pa.float64()),
            ("terminal", pa.bool_()),
            ("ancestry", pa.string()),
            ("meta", pa.string()),
        ]
    )


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UserError("Parquet needs pyarrow: pip install 'negosim[rl]', or use --format jsonl") from None
    return pyarrow, pyarrow.parquet
