"""What is imported when first needed, and asked for by name when it is absent or does not load."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sayso.errors import MissingExtraError


def require(module: str, *, extra: str | None, purpose: str) -> Any:
    """The imported `module`.

    Args:
        module: dotted name.
        extra: of this package, which installs it; None for what every installation has.
        purpose: what the person wanted, to be read before "needs".
    Raises: MissingExtraError saying what to install, also where the module is there but a library
        of the system that it is linked with is not.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(_advice(purpose, str(error.name), extra)) from None
    except ImportError as error:
        told = f"{purpose} needs {module}, which does not load here: {error}"
        raise MissingExtraError(f"{told}{_system_advice(str(error))}") from error


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


def _advice(purpose: str, missing: str, extra: str | None) -> str:
    package = f'"sayso[{extra}]"' if extra else "sayso"
    return f"{purpose} needs {missing}, which is not installed: pip install {package}"


def _system_advice(error: str) -> str:
    """How to get the shared library that the dynamic linker missed; "" if it missed none."""
    missed = re.match(r"(lib[\w+-]+)\.so\.(\d+): cannot open shared object file", error)
    if missed is None:
        return ""
    # Debian calls the package of a library by its soname (Policy 8.1).
    package = "".join(missed.groups()).lower().replace("_", "-")
    return (
        ". That library belongs to the system; Debian and Ubuntu install it with apt-get install "
        f"{package}"
    )
