"""What training needs beyond the core."""

from importlib.util import find_spec

from negosim.errors import UserError

NEEDED = ("torch", "transformers", "accelerate", "safetensors")


def require_torch() -> None:
    """Check, without importing them, that the libraries for training are installed.

    Raises:
        UserError: they are not.

    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise UserError(f"training needs {', '.join(missing)}: pip install 'negosim[rl]'")
