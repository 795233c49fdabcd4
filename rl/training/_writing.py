"""Messages where the files of a training cannot be written."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from negosim._files import unwritable
from negosim.errors import NegosimError, UserError

WAY_ON = "{mend}; with a checkpoint there, --resume goes on from it"

_SYSTEM = re.compile(r"\(os error (\d+)\)")
"""In the words of safetensors and tokenizers, whose errors are no OSError."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Report a full disk, or a folder that may not be written to, met in the block.

    Raises:
        UserError: something cannot be written.

    """
    try:
        yield
    except NegosimError:
        raise
    except OSError as error:
        raise unwritable(folder, error, WAY_ON) from None
    except UnicodeEncodeError:
        raise UserError(
            f"{str(folder)!r} is no name that all libraries can write; use plain letters"
        ) from None
    except Exception as error:
        if (found := _SYSTEM.search(str(error))) is None:
            raise
        number = int(found[1])
        raise unwritable(folder, OSError(number, os.strerror(number)), WAY_ON) from None
