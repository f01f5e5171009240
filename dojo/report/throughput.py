"""Throughput over time, from the storage of pytest-benchmark where there is one."""

import json
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dojo.diagnosis.findings import readable

FOLDERS = (".benchmarks", ".dojo/benchmarks")  # below the checkout; inside, a folder for each kind of machine
LARGEST = 64 * 2**20  # bytes of one record
RATE = "_per_second"  # how the keys of a record's extra_info end that say what was done in a second
LINE = (120.0, 28.0)  # width and height of the little line


@dataclass(frozen=True)
class Series:
    """One benchmark over its runs, oldest first: `values` are `unit` in a second. `points` is its line in SVG."""

    name: str
    unit: str
    values: tuple[float, ...]
    points: str

    @property
    def change(self) -> float:
        """The last value over the first."""
        return self.values[-1] / self.values[0] if self.values[0] else math.nan


@dataclass(frozen=True)
class Throughput:
    """All series by machine, and the names of the records that could not be read."""

    machines: dict[str, list[Series]]
    unreadable: tuple[str, ...]


def throughput(root: Path) -> Throughput:
    """The history below the checkout `root`; empty when there is none."""
    machines: dict[str, dict[tuple[str, str], list[tuple[str, float]]]] = defaultdict(lambda: defaultdict(list))
    unreadable = []
    for folder in FOLDERS:
        for path in sorted((root / folder).glob("*/*.json")):
            try:
                for machine, name, unit, time, value in _measured(path):
                    machines[machine][name, unit].append((time, value))
            except (OSError, ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
                unreadable.append(readable(path.name))
    made = {
        machine: [_series(*key, [value for _, value in sorted(runs)]) for key, runs in sorted(found.items())]
        for machine, found in sorted(machines.items())
    }
    return Throughput(made, tuple(unreadable))


def _measured(path: Path) -> Iterator[tuple[str, str, str, str, float]]:
    """Machine, name, unit, time and value of every benchmark in a record; other threads count as another machine."""
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} is larger than {LARGEST} bytes")
    record = json.loads(path.read_text(encoding="utf-8"))
    rows = []
    for benchmark in record["benchmarks"]:
        rates = {key: value for key, value in benchmark["extra_info"].items() if key.endswith(RATE)}
        unit, value = next(iter(rates.items()), ("runs", None))
        value = float(value if value is not None else 1 / benchmark["stats"]["median"])
        if math.isfinite(value):
            extra = benchmark["extra_info"]
            threads = f" · {extra['threads']} threads" if extra.get("threads") not in (None, 1) else ""
            machine = readable(f"{extra.get('machine', path.parent.name)}{threads}")
            unit = readable(unit.removesuffix(RATE))
            rows.append((machine, readable(benchmark["name"]), unit, str(record["datetime"]), value))
    yield from rows


def _series(name: str, unit: str, values: list[float]) -> Series:
    low, high = min(values), max(values)
    width, height = LINE
    step, span = width / max(len(values) - 1, 1), (high - low) or 1.0
    points = [
        f"{place * step:.1f},{2 + (height - 4) * (1 - (value - low) / span) if high > low else height / 2:.1f}"
        for place, value in enumerate(values)
    ]
    if len(points) == 1:
        points.append(f"{width:.1f},{height / 2:.1f}")
    return Series(name, unit, tuple(values), " ".join(points))
