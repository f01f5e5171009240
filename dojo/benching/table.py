"""The table of `bench`: how many items in a second, how many times as fast as the others, and how near to the peak."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dojo.bench.machine import BUSY, name_of

FASTER, SLOWER = "green", "yellow"


def show(console: Console, records: list[dict], machine: dict | None, quick: bool) -> None:
    """Everything that was logged: the machine, a table for each kata, what was left out, and what went wrong."""
    if machine is not None:
        for line in about(machine):
            console.print(Text(line, style="dim"))
    for record in records:
        if "rows" in record:
            console.print()
            console.print(table(record, narrow=console.width < 92))
            for line in notes(record):
                console.print(Text(f"  {line}", style="dim"))
        elif "refused" in record:
            console.print(Text(f"\n{title(record)}: not timed. {record['refused']}", style="red"))
        elif "trouble" in record:
            console.print(Text(f"\n{record['trouble']}", style="red"))
        elif "kept" in record:
            console.print(Text(f"\nkept as {record['kept']}", style="dim"))
    if quick:
        console.print(Text("\nA quick look with short blocks: not kept, and not to be relied on.", style=SLOWER))


def about(machine: dict) -> list[str]:
    """The machine, its peaks, and whether others were using it."""
    facts, peaks = machine["facts"], machine["peaks"]
    threads = facts["threads"]
    lines = [f"{name_of(facts)} · {threads} thread{'s' if threads > 1 else ''}"]
    each = [f"{name} {rate(peak['flops'])}FLOP/s, {rate(peak['bytes'])}B/s" for name, peak in peaks.items()]
    lines.append(f"float32 matrix products and memory, measured now: {' · '.join(each)}")
    if machine["load"] > BUSY:
        busy = f"{machine['load']:.0%} of the processors were busy with something else"
        lines.append(f"{busy} (more than {BUSY:.0%}): the times are too long, and noisy")
    return lines


def title(record: dict) -> str:
    """`network, batch 64`."""
    return record["kata"] + (f", batch {record['batch']}" if record.get("batch") is not None else "")


def table(record: dict, narrow: bool = False) -> Table:
    """One row for each contender. `narrow` leaves out the roofline and the spread."""
    doing = "a training step" if record["model"] else record["function"]
    made = Table(title=f"{title(record)} · {doing}", title_justify="left", box=None, pad_edge=False, title_style="bold")
    made.add_column("")
    for head in (f"{record['unit']}/s", "× reference", "× built-in", "% of peak"):
        made.add_column(head, justify="right")
    for head in () if narrow else ("% of roof", "ms", "IQR"):
        made.add_column(head, justify="right")
    for row in record["rows"]:
        cells = [Text(row["name"], style="bold" if row["kind"] == "learner" else ""), Text(rate(row["rate"]))]
        cells += [times(row["to_reference"]), times(row["to_built_in"]), share(row["of_peak"])]
        milliseconds = [Text(f"{row['median'] * 1e3:.3g}"), Text(f"{row['iqr'] * 1e3:.2g}")]
        cells += [] if narrow else [share(row["of_roofline"]), *milliseconds]
        made.add_row(*cells)
    return made


def notes(record: dict) -> list[str]:
    """Whose peak is meant, what stands between compiling and running, and who is not in the table."""
    lines = []
    if any(row["of_peak"] for row in record["rows"]):
        whose = sorted({row["peak_of"] for row in record["rows"]})
        lines.append(
            f"peak: {' and '.join(whose)}, each for its own; {record['rows'][0]['flops'] / 1e6:.4g} MFLOP a call"
        )
    for row in record["rows"]:
        if row["seconds_before"]:
            lines.append(f"{row['name']}: {row['seconds_before']:.1f} s to compile")
        if not row["valid"]:
            lines.append(
                f"{row['name']} took {row['drift']:+.0%} beside the others: the record is invalid and not kept"
            )
    lines += [f"left out: {reason}" for reason in record["left_out"]]
    return lines


def rate(value: float) -> str:
    """Three digits and a prefix: `2.31 M`."""
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value:.3g} "


def times(value: float | None) -> Text:
    """`1.80×`, coloured; a dash where there is nobody to compare with."""
    if value is None:
        return Text("—", style="dim")
    return Text(
        f"{value:.2f}×" if value < 100 else f"{value:.0f}×",
        style=FASTER if value >= 1.1 else SLOWER if value <= 0.9 else "",
    )


def share(value: float | None) -> Text:
    """Per cent; a dash where nothing was counted."""
    return Text("—", style="dim") if value is None else Text(f"{value:.0%}")
