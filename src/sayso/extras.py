"""Optional dependencies: imported when first needed, and asked for by name when absent."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
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
        raise MissingExtraError(_advice(purpose, str(error.name), extra)) from None


def require_all(*modules: str, extra: str, purpose: str) -> None:
    """Finds out whether `modules` are installed, and imports none of them.

    Args:
        modules: top-level names.
        extra: as `require` takes it.
        purpose: as `require` takes it.
    Raises: MissingExtraError saying what to install.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        raise MissingExtraError(_advice(purpose, " and ".join(missing), extra))


def _advice(purpose: str, missing: str, extra: str) -> str:
    return f'{purpose} needs {missing}, which is not installed: pip install "sayso[{extra}]"'
