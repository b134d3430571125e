"""Optional dependencies: imported when first needed, and asked for by name when absent."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sayso.errors import MissingExtraError


def require(module: str, *, extra: str, purpose: str) -> Any:
    """The imported `module`.

    Args:
        module: dotted name.
        extra: of this package, which installs it.
        purpose: what the person wanted, to be read before "needs".
    Raises: MissingExtraError saying what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f'{purpose} needs {error.name}, which is not installed: pip install "sayso[{extra}]"'
        ) from None
