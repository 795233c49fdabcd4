"""Silence of transformers: no progress bars of its own, no log of what is no news."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def quiet() -> Iterator[None]:
    """Load or save models without progress bars and warnings."""
    from transformers.utils import logging as transformers_logging

    disabled = logging.root.manager.disable
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    logging.disable(max(disabled, logging.WARNING))
    try:
        # The reader of GGUF files draws its bar whatever it is told.
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
            yield
    finally:
        logging.disable(disabled)
        if shown:
            transformers_logging.enable_progress_bar()
