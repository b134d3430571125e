"""Where a torch network runs, and in which precision."""

from __future__ import annotations

import ctypes
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal

from sayso.configuration import Frozen
from sayso.errors import ModelError
from sayso.optional import require

Precision = Literal["auto", "float32", "bfloat16"]


class Device(Frozen):
    """A choice of processor; `auto` takes CUDA where it is there, else the CPU.

    Fields:
        kind: "auto", "cpu", "cuda", "cuda:1", "mps".
        precision: "auto" computes in bfloat16 where the processor does so natively (AMX or
            AVX512-BF16 matrix units, recent GPUs) and in float32 elsewhere. Bfloat16 keeps 8 bits:
            stems then differ from float32's by about -45 dB.
    """

    kind: str = "auto"
    precision: Precision = "auto"

    def place(self) -> Any:
        """The torch device. Raises: ModelError for one that this machine lacks."""
        torch = require("torch", extra="torch", purpose="this model")
        kind = self.kind
        if kind == "auto":
            kind = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            device = torch.device(kind)
            torch.empty(1, device=device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(f"device {kind!r} cannot be used here ({reason}); try cpu") from None
        return device

    def is_reduced(self) -> bool:
        """Whether networks run in bfloat16."""
        if self.precision != "auto":
            return self.precision == "bfloat16"
        torch = require("torch", extra="torch", purpose="this model")
        device = self.place()
        if device.type == "cuda":
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
        return device.type == "cpu" and _has_native_bfloat16(torch)

    def prepare(self, network: Any, *, whole: Any = None) -> Any:
        """`network` where it is to run, its products in bfloat16 where they are to be so.

        Args:
            network: a module, set to evaluate; it is changed.
            whole: the module that is to be moved, when `network` is only the part of it that runs
                within `autocast`.
        """
        torch = require("torch", extra="torch", purpose="this model")
        moved = (network if whole is None else whole).to(self.place())
        _keep_buffers()
        if self.is_reduced():
            nn = torch.nn
            # Autocast would convert these again for every chunk. Normalisations stay in float32.
            convolutions = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d)
            products = (*convolutions, nn.Linear, nn.MultiheadAttention, nn.Embedding)
            for module in network.modules():
                # A scale in float32 would carry all that follows it back to float32.
                if isinstance(module, products) or type(module).__name__ == "LayerScale":
                    module.to(torch.bfloat16)
        return moved

    def autocast(self) -> AbstractContextManager[Any]:
        """A context in which networks compute in the chosen precision."""
        torch = require("torch", extra="torch", purpose="this model")
        if not self.is_reduced():
            return nullcontext()
        context: AbstractContextManager[Any] = torch.autocast(self.place().type, torch.bfloat16)
        return context


def set_threads(threads: int | None) -> None:
    """Gives torch this many processor threads, in all of the program; None leaves them."""
    torch = require("torch", extra="torch", purpose="this model")
    if threads is not None:
        torch.set_num_threads(threads)


def _keep_buffers() -> None:
    """Has glibc keep large freed blocks for the next chunk.

    By default it returns each to the system, which then has to clear it page by page: up to a
    quarter of the time of a convolutional network. Other C libraries are left alone.
    """
    threshold, trim = -3, -1  # M_MMAP_THRESHOLD and M_TRIM_THRESHOLD of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return
    mallopt(threshold, 1 << 30)
    mallopt(trim, (1 << 31) - 1)


def _has_native_bfloat16(torch: Any) -> bool:
    """Whether the processor multiplies bfloat16 in hardware; emulating it would be slower."""
    cpu = torch.cpu
    tests = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(getattr(cpu, name)() for name in tests if hasattr(cpu, name))
