"""Import of dialogues that negosim has not made: published data sets, and general forms."""

from negosim.importing._decoding import UnreadableError
from negosim.importing._detect import Detected, detect, importers, load_importer
from negosim.importing._drops import Drops
from negosim.importing._import import (
    BadRows,
    SourceReading,
    digest_of,
    import_dialogues,
    read_source,
    recorded,
)
from negosim.importing._published import SPLITS, Split, splits_in
from negosim.importing._row import BadRowError, Row
from negosim.importing._rows import rows_of
from negosim.importing._scenario import conversation
from negosim.importing._source import (
    ImportedDialogue,
    Importer,
    ImportOptions,
    Rating,
    Said,
    SourceFile,
)

__all__ = [
    "SPLITS",
    "BadRowError",
    "BadRows",
    "Detected",
    "Drops",
    "ImportOptions",
    "ImportedDialogue",
    "Importer",
    "Rating",
    "Row",
    "Said",
    "SourceFile",
    "SourceReading",
    "Split",
    "UnreadableError",
    "conversation",
    "detect",
    "digest_of",
    "import_dialogues",
    "importers",
    "load_importer",
    "read_source",
    "recorded",
    "rows_of",
    "splits_in",
]
