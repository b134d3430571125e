"""Building the network that a checkpoint describes, and putting its weights into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

from sayso.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

_SHOWN = 4
Network = TypeVar("Network", bound="nn.Module")


def build(make: Callable[[], Network], *, path: Path, least_bits: int = 8) -> Network:
    """The network that `make` builds to a checkpoint's description.

    Args:
        make: whatever it raises is put down to the description.
        path: the checkpoint, which is on disk.
        least_bits: how few a weight may take in it.
    Raises: ModelError, also for a network of more weights than the file can hold, before they take
        any memory: a few bytes may describe one of any size.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook

    most, count, thread = path.stat().st_size * 8 // least_bits, 0, get_ident()

    def weigh(module: nn.Module, name: str, parameter: nn.Parameter | None) -> None:
        nonlocal count
        # The hook is the whole process's; an array is only filled once it is registered.
        count += parameter.numel() if parameter is not None and get_ident() == thread else 0
        if count > most:
            raise ValueError("it would have more weights than there are in the file")

    hook = register_module_parameter_registration_hook(weigh)
    try:
        return make()
    except Exception as error:  # whatever a constructor makes of wrong arguments
        raise ModelError(f"{path}: no network can be built from it: {error}") from None
    finally:
        hook.remove()


def fit(
    network: nn.Module, state: Mapping[str, Any], *, path: Path, unused: Sequence[str] = ()
) -> None:
    """Copies `state` into `network` and sets it to evaluate.

    Args:
        network: its keys and shapes are what is expected.
        state: key -> tensor, float16 or float32.
        path: the file, for messages.
        unused: beginnings of keys in the file which the network has no use for.
    Raises: ModelError naming the file and the keys that are missing, unknown or of another shape.
    """
    expected = network.state_dict()
    given = {key: state[key] for key in state if not str(key).startswith(tuple(unused))}
    shapes = {key: getattr(value, "shape", None) for key, value in given.items()}
    # Counts how many batches training saw; old checkpoints lack it and inference ignores it.
    missing = [k for k in expected if k not in given and not k.endswith("num_batches_tracked")]
    unknown = [str(key) for key in given if key not in expected]
    shaped = [
        f"{key} {list(shapes[key] or ())} instead of {list(value.shape)}"
        for key, value in expected.items()
        if key in given and shapes[key] != value.shape
    ]
    faults = [
        f"{len(keys)} {what} ({', '.join(keys[:_SHOWN])}{', ...' if len(keys) > _SHOWN else ''})"
        for what, keys in (("missing", missing), ("unknown", unknown), ("of another shape", shaped))
        if keys
    ]
    if faults:
        raise ModelError(
            f"{path}: its weights do not fit {type(network).__name__}: {'; '.join(faults)}. "
            "It is the checkpoint of another model or an incomplete one; fetch the right file"
        )
    network.load_state_dict(given, strict=False)
    network.eval()


def without_prefix(state: object, prefix: str) -> dict[str, Any]:
    """The entries under `prefix`, which is taken off their keys; none of what is no dictionary.

    >>> without_prefix({"net.a": 1, "other.b": 2}, "net."), without_prefix(7, "net.")
    ({'a': 1}, {})
    """
    named = state if isinstance(state, Mapping) else {}
    return {str(k)[len(prefix) :]: v for k, v in named.items() if str(k).startswith(prefix)}
