"""Importing this checks, without importing them, that the libraries for training are installed."""

from importlib.util import find_spec

from negosim.errors import UserError

NEEDED = ("torch", "transformers", "accelerate", "safetensors")

if missing := [name for name in NEEDED if find_spec(name) is None]:
    raise UserError(f"training needs {', '.join(missing)}: pip install 'negosim[rl]'")
