"""Where torch can compute here, what is missing and why, and a clock that waits until every device has finished."""

import time
from functools import cache

DEVICES = ("cpu", "cuda", "mps")


@cache
def torch_or_reason() -> tuple[object, str]:
    """The torch module and "", or None and why there is none."""
    try:
        import torch
    except ImportError as error:
        return None, f"PyTorch does not import here ({error})"
    return torch, ""


@cache
def present() -> tuple[str, ...]:
    """The devices that torch can compute on, `cpu` first; none without torch."""
    return tuple(device for device in DEVICES if not absent(device))


@cache
def absent(device: str) -> str:
    """Why torch cannot compute on `device` here; empty when it can."""
    torch, reason = torch_or_reason()
    if torch is None:
        return reason
    if device == "cuda" and not torch.cuda.is_available():  # type: ignore[attr-defined]
        built = torch.version.cuda  # type: ignore[attr-defined]
        return "no CUDA device was found" if built else "this PyTorch is built without CUDA"
    if device == "mps" and not torch.backends.mps.is_available():  # type: ignore[attr-defined]
        return "no Apple GPU was found"
    return ""


def title(device: str) -> str:
    """What the device is called, such as the name of the card."""
    torch, _ = torch_or_reason()
    return torch.cuda.get_device_name() if device == "cuda" else device  # type: ignore[union-attr]


def synchronise() -> None:
    """Wait until whatever was handed to a GPU is done; nothing where there is none."""
    torch, _ = torch_or_reason()
    if "cuda" in present():
        torch.cuda.synchronize()  # type: ignore[union-attr]
    if "mps" in present():
        torch.mps.synchronize()  # type: ignore[union-attr]


def clock() -> float:
    """Seconds, read when no device is computing any more: a GPU answers before it has done what it was asked."""
    synchronise()
    return time.perf_counter()
