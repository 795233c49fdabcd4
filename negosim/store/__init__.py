"""Run folders: one resolved configuration, its fingerprint, and one complete dialogue a line.

run.json          header: schema version, configuration, fingerprint, the scenarios in full
dialogues.jsonl   one `Dialogue` a line, appended whole and flushed; large runs have shards
judgements.jsonl  one `Sheet` a line: what a judge answered about a dialogue
judges.json       what the fingerprints of the sheets stand for
"""

from negosim.store._count import DIALOGUES as DIALOGUE_COUNT
from negosim.store._count import JUDGEMENTS as JUDGEMENT_COUNT
from negosim.store._count import read_count
from negosim.store._create import PROGRESS, whole_run
from negosim.store._frame import FrameRows
from negosim.store._index import IndexedDialogue, RunIndex
from negosim.store._judgements import COLUMNS as JUDGEMENT_COLUMNS
from negosim.store._judgements import SheetWriter, answered_keys, read_judges
from negosim.store._lines import lines_from
from negosim.store._list import RunSummary, list_runs
from negosim.store._parquet import export_parquet
from negosim.store._parquet_schema import TABLES as PARQUET_TABLES
from negosim.store._run import Fingerprint, ImportOrigin, Run, RunHeader, WithScenario, Writer
from negosim.store._shards import lines, shards

__all__ = [
    "DIALOGUE_COUNT",
    "JUDGEMENT_COLUMNS",
    "JUDGEMENT_COUNT",
    "PARQUET_TABLES",
    "PROGRESS",
    "Fingerprint",
    "FrameRows",
    "ImportOrigin",
    "IndexedDialogue",
    "Run",
    "RunHeader",
    "RunIndex",
    "RunSummary",
    "SheetWriter",
    "WithScenario",
    "Writer",
    "answered_keys",
    "export_parquet",
    "lines",
    "lines_from",
    "list_runs",
    "read_count",
    "read_judges",
    "shards",
    "whole_run",
]
