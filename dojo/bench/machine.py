"""What this machine can do, measured in the same run as everything else, and what else it is doing."""

import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from dojo.bench.devices import clock, present, title, torch_or_reason

BUSY = 0.15  # share of the processors that others may keep busy before it is said
SIDE = {"cpu": 1024, "cuda": 8192, "mps": 4096}  # of the matrices multiplied
COPIED = {"cpu": 2**26, "cuda": 2**30, "mps": 2**28}  # bytes copied at once, more than any cache holds
CACHED = 2**25  # bytes that may stay in a cache from one call to the next
PACKAGES = ("numpy", "torch", "scikit-learn")


def measured(seconds: float = 0.3, tick: Callable[[], float] = clock) -> dict[str, dict[str, float]]:
    """By whose products, "numpy" or "torch cpu" and so on: float32 `flops` and `bytes` moved in a second, the best of five."""
    found = {"numpy": _of_numpy(seconds, tick)}
    for device in present():
        found[f"torch {device}"] = _of_torch(device, seconds, tick)
    return found


def peak_of(track: str, device: str) -> str:
    """Whose peak a contender is measured by."""
    return f"torch {device}" if track == "torch" else "numpy"


def roofline(flops: int | None, bytes: int, peak: dict[str, float]) -> float | None:
    """The fewest seconds a call could take here: its products at the peak, or its arrays at the speed of the memory.

    Arrays that fit in a cache need not come from the memory, so they set no limit; None where nothing does.
    """
    limits = [flops / peak["flops"]] if flops else []
    limits += [bytes / peak["bytes"]] if bytes > CACHED else []
    return max(limits, default=None)


def facts(threads: int | None) -> dict[str, object]:
    """The hardware, the versions and the threads of this run; None where nobody sets them."""
    torch, _ = torch_or_reason()
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(_memory() / 2**30),
        "accelerators": [title(device) for device in present() if device != "cpu"],
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "threads": threads,
        "torch_threads": torch.get_num_threads() if torch is not None else None,  # type: ignore[attr-defined]
        "blas_environment": {
            key: os.environ.get(key) for key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
        },
    }


def name_of(found: dict) -> str:
    """One line that tells this machine from another kind: its processor, cores, memory and accelerators."""
    accelerators = "".join(f", {name}" for name in found["accelerators"])
    return f"{found['cpu']}, {found['cores']} cores, {found['memory_gib']} GiB{accelerators}, {found['system']}"


def cpu_name() -> str:
    """The processor as it calls itself."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def load(seconds: float = 0.5) -> float:
    """The share of all processors that other processes keep busy while this one waits.

    It adds up what each of them used, because the system's own counters stand still in some containers.
    """
    before = _used()
    time.sleep(seconds)
    after = _used()
    busy = sum(after[one] - used for one, used in before.items() if one in after)
    return max(busy, 0.0) / seconds / (os.cpu_count() or 1)


def frequency() -> float | None:
    """The processors' clock in GHz, where the system tells."""
    import psutil

    try:
        found = psutil.cpu_freq()
    except (OSError, NotImplementedError, AttributeError):
        return None
    return round(found.current / 1000, 2) if found else None


def _of_numpy(seconds: float, tick: Callable[[], float]) -> dict[str, float]:
    side, count = SIDE["cpu"], COPIED["cpu"]
    a = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    out, source = np.empty_like(a), np.ones(count // 4, np.float32)
    target = np.empty_like(source)
    products = _fewest(lambda: np.matmul(a, a, out=out), seconds, tick)
    return {
        "flops": 2 * side**3 / products,
        "bytes": 2 * count / _fewest(lambda: np.copyto(target, source), seconds, tick),
    }


def _of_torch(device: str, seconds: float, tick: Callable[[], float]) -> dict[str, float]:
    import torch

    side, count = SIDE[device], COPIED[device]
    a, source = torch.randn(side, side, device=device), torch.ones(count // 4, device=device)
    out, target = torch.empty_like(a), torch.empty_like(source)
    products = _fewest(lambda: torch.mm(a, a, out=out), seconds, tick)
    return {"flops": 2 * side**3 / products, "bytes": 2 * count / _fewest(lambda: target.copy_(source), seconds, tick)}


def _fewest(call: Callable[[], object], seconds: float, tick: Callable[[], float]) -> float:
    """The seconds of a call in the best of five rounds, which share `seconds`; one call goes before them."""
    call()
    best = float("inf")
    for _ in range(5):
        calls, started = 0, tick()
        while (elapsed := tick() - started) < seconds / 5 or not calls:
            call()
            calls += 1
        best = min(best, elapsed / calls)
    return best


def _used() -> dict[tuple[int, float], float]:
    """Seconds of a processor that every other process has used, by its id and the time it began."""
    import psutil

    used = {}
    for process in psutil.process_iter(["pid", "create_time", "cpu_times"]):
        known = process.info
        if known["pid"] != os.getpid() and known["cpu_times"] is not None:
            used[known["pid"], known["create_time"]] = known["cpu_times"].user + known["cpu_times"].system
    return used


def _memory() -> int:
    import psutil

    return psutil.virtual_memory().total


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
