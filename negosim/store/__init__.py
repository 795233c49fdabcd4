"""Run folders: one resolved configuration, its fingerprint, and one complete dialogue a line.

run.json          header: schema version, configuration, fingerprint, the scenarios in full
dialogues.jsonl   one `Dialogue` a line, appended whole and flushed; large runs have shards
"""

from negosim.store._list import RunSummary, list_runs
from negosim.store._run import Fingerprint, Run, RunHeader, Writer

__all__ = ["Fingerprint", "Run", "RunHeader", "RunSummary", "Writer", "list_runs"]
