"""The split that publishers gave a dialogue: in the name of its file or folder, or in a field of its row."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from negosim.errors import UserError
from negosim.importing._row import BadRowError

Split = Literal["train", "validation", "test"]

SPLITS: tuple[Split, ...] = ("train", "validation", "test")

_NAMES: dict[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "devel", "development"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation", "holdout", "heldout"), "test"),
}
"""As the Hugging Face hub reads them (https://huggingface.co/docs/hub/datasets-file-names-and-splits),
and what else means kept back."""

FIELDS = ("split", "data_split", "dataset_split", "partition", "subset", "set", "fold")
"""Names of fields that hold a split."""

_ONLY_SPLITS = ("split", "data_split", "dataset_split", "partition")
"""Those of them that hold nothing else."""


def splits_in(name: str) -> set[Split]:
    """Return the splits whose names are among the words of a name: "casino_valid.json", "testSet"."""
    words = re.findall("[a-z]+", re.sub("(?<=[a-z])(?=[A-Z])", " ", name).casefold())
    return {_NAMES[word] for word in words if word in _NAMES}


def split_of_name(name: str) -> Split | None:
    """Return the split that a whole name is: "test", "Dev", "validation"."""
    return _NAMES.get(name.strip().casefold())


def split_in_row(content: Any) -> tuple[str, Split] | None:
    """Return the field of a row that holds its split, and the split.

    Raises:
        BadRowError: a field that holds splits says something else.

    """
    if not isinstance(content, Mapping):
        return None
    fields = {str(key).strip().casefold(): value for key, value in content.items() if isinstance(key, str)}
    for field in FIELDS:
        value = fields.get(field)
        if not isinstance(value, str) or not value.strip():
            continue
        splits = splits_in(value)
        if len(splits) == 1:
            return field, splits.pop()
        if field in _ONLY_SPLITS:
            raise BadRowError(f"{field} is {value!r}, none of train, validation, test")
    return None


def agreed(where: str, of_file: Split | None, of_row: tuple[str, Split] | None) -> Split | None:
    """Return the split of a row, of which its file may say another.

    A row may say better in a file named train: so hubs call files that are not split.

    Raises:
        UserError: they contradict each other.

    """
    if of_row is None:
        return of_file
    field, split = of_row
    if of_file not in (None, "train", split):
        raise UserError(
            f"{where}: {field} says {split}, and the name of its file or folder says {of_file}; rename the "
            "file or mend the field, or divide the dialogues anew with --split 80/10/10"
        )
    return split
