"""From measurements to pytest-benchmark's records: one entry for each contender, its samples, and what explains them."""

from types import SimpleNamespace
from typing import Any

from dojo.bench.machine import name_of

EXPLAINING = (
    *(
        "kata",
        "function",
        "model",
        "batch",
        "items",
        "contender",
        "kind",
        "track",
        "device",
        "difference",
        "drift",
        "alone",
    ),
    *("to_reference", "to_built_in", "built_in", "ratios", "flops", "bytes", "peak_of", "peak", "bandwidth"),
    *("of_peak", "of_roofline", "seconds_before"),
)


def title(record: dict, row: dict) -> str:
    """What an entry is called in the history: `network, batch 64 · torch.nn`."""
    batch = f", batch {record['batch']}" if record["batch"] is not None else ""
    return f"{record['kata']}{batch} · {row['name']}"


def entries(record: dict, facts: dict, load: float) -> list[Any]:
    """A record's contenders as pytest-benchmark's Metadata. An invalid record has none: it is not kept."""
    if not record["valid"]:
        return []
    made = []
    for row in record["rows"]:
        known = {**record, **row, "contender": row["name"]}
        extra = {key: known[key] for key in EXPLAINING} | about(facts, load)
        extra[f"{record['unit']}_per_second"] = row["rate"]
        made.append(entry(title(record, row), record["kata"], row["seconds"], extra))
    return made


def about(facts: dict, load: float) -> dict:
    """What every entry says about the machine and the moment."""
    return {
        "machine": name_of(facts),
        "hardware": facts,
        "versions": facts["versions"],
        "threads": facts["threads"],
        "load": load,
    }


def entry(name: str, group: str, seconds: list[float], extra: dict) -> Any:
    """One entry of pytest-benchmark with these samples, in seconds per call."""
    from pytest_benchmark.stats import Metadata

    stand_in = SimpleNamespace(
        name=name,
        fullname=name,
        group=group,
        param=None,
        params=None,
        extra_info=extra,
        cprofile_stats=None,
        has_error=False,
    )
    made = Metadata(stand_in, 1, {})
    for sample in seconds:
        made.update(sample)
    return made
