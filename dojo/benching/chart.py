"""`bench --plot`: throughput against batch size, a line for each contender, and marks where one overtakes another."""

import math
from pathlib import Path

from matplotlib.figure import Figure

from dojo.bench.machine import name_of
from dojo.drawing import BLUE, GOLD, GREEN, GREY, INK, PURPLE, RED, lesson_figure, name_lines, panels, tidy
from dojo.loading import ROOT

COLOURS = {"numpy": BLUE, "torch": RED, "sklearn": GOLD}  # of the references, and of who is neither
BUILT_IN, COMPILED, MINE = GREEN, PURPLE, INK
STYLES = {"cpu": "-", "cuda": "--", "mps": "--"}


def draw(records: list[dict], machine: dict, out: Path | None) -> list[Path]:
    """A picture for each kata that was measured at several batch sizes; where they went."""
    places = []
    for kata in dict.fromkeys(record["kata"] for record in records):
        mine = [record for record in records if record["kata"] == kata and record["batch"] is not None]
        if len(mine) < 2:
            continue
        place = out if out is not None and not places else ROOT / ".dojo" / f"bench-{kata}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        figure_of(sorted(mine, key=lambda record: record["batch"]), machine).savefig(place)
        places.append(place)
    return places


def figure_of(records: list[dict], machine: dict) -> Figure:
    """The picture of one kata, from its records by rising batch size."""
    kata, unit = records[0]["kata"], records[0]["unit"]
    marked = crossings(records)
    figure = lesson_figure(headline(kata, marked), below(records, machine), 6.2)
    (axes,) = panels(figure, 1, right=0.78)
    for name, row in lines(records).items():
        sizes, rates = zip(*row["points"], strict=True)
        axes.plot(
            sizes,
            rates,
            STYLES[row["device"]],
            color=row["colour"],
            label=name,
            linewidth=2.2,
            marker="o",
            markersize=3.5,
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks([record["batch"] for record in records], [str(record["batch"]) for record in records])
    axes.minorticks_off()
    tidy(axes, "", "batch size", f"{unit} per second, forward, backward{' and update' if records[0]['model'] else ''}")
    for n, (size, rate, winner, loser) in enumerate(marked):
        axes.plot([size], [rate], "o", color="white", markeredgecolor=INK, markersize=9, zorder=5, label="_")
        text = f"from batch {size:.0f}: {winner}\nahead of {loser}"
        offset = (0, -46) if n % 2 == 0 else (0, 34)
        arrow = {"arrowstyle": "-", "color": GREY, "linewidth": 0.8}
        axes.annotate(
            text, (size, rate), offset, textcoords="offset points", fontsize=9, color=INK, ha="center", arrowprops=arrow
        )
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.6, high * 1.6)
    name_lines(axes)
    return figure


def lines(records: list[dict]) -> dict[str, dict]:
    """Contender → its device, its colour, and its (batch size, items in a second)."""
    found: dict[str, dict] = {}
    for record in records:
        for row in record["rows"]:
            colour = {"built-in": BUILT_IN, "compiled": COMPILED, "learner": MINE}.get(
                row["kind"], COLOURS[row["track"]]
            )
            colour = COLOURS["sklearn"] if row["track"] == "sklearn" else colour
            line = found.setdefault(
                row["name"], {"device": row["device"], "colour": colour, "kind": row["kind"], "points": []}
            )
            line["points"].append((record["batch"], row["rate"]))
    return found


def crossings(records: list[dict]) -> list[tuple[float, float, str, str]]:
    """Where the numpy reference and torch's own meet, and where a GPU overtakes the processor: (batch, rate, winner, loser)."""
    found, known = [], lines(records)
    built_in = [
        name
        for name, line in known.items()
        if line["kind"] == "built-in" and line["device"] == "cpu" and "sklearn" not in name
    ]
    on_gpu = [name for name, line in known.items() if line["kind"] == "built-in" and line["device"] != "cpu"]
    pairs = [("numpy reference", name) for name in built_in] + [(name, gpu) for name in built_in for gpu in on_gpu]
    for one, other in pairs:
        for size, rate, rising in crossing(known[one]["points"], known[other]["points"]):
            found.append((size, rate, *((other, one) if rising else (one, other))))
    return found


def crossing(one: list[tuple[int, float]], other: list[tuple[int, float]]) -> list[tuple[float, float, bool]]:
    """Where two lines cross on axes of logarithms: (batch, rate, whether the second one is ahead from there)."""
    found = []
    theirs = dict(other)
    shared = [(size, rate, theirs[size]) for size, rate in one if size in theirs]
    for (size, a, b), (next_size, c, d) in zip(shared, shared[1:], strict=False):
        before, after = math.log(b / a), math.log(d / c)
        if before * after < 0:
            part = before / (before - after)
            at = math.exp(math.log(size) + part * math.log(next_size / size))
            found.append((at, math.exp(math.log(a) + part * math.log(c / a)), after > 0))
    return found


def headline(kata: str, marked: list) -> str:
    """What the picture shows, in a sentence."""
    if not marked:
        return f"{kata}: throughput against batch size"
    size, _, winner, loser = marked[0]
    return f"{kata}: from a batch of {size:.0f} on, {winner} is ahead of {loser}"


def below(records: list[dict], machine: dict) -> str:
    """The line under the headline: what was run, and where."""
    facts = machine.get("facts")
    where = f"{name_of(facts)}, {facts['threads']} thread{'s' if facts['threads'] > 1 else ''}" if facts else ""
    disturbed = sum(not record["valid"] for record in records)
    note = f" · {disturbed} of {len(records)} sizes disturbed" if disturbed else ""
    return f"float32, contenders in alternating blocks · {where}{note}"
