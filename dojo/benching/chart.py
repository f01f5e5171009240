"""`bench --plot`: throughput against batch size, a line for each contender, and marks where one overtakes another."""

import itertools
import math
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dojo.bench.history import LEAST
from dojo.bench.lineup import NUMPY_REFERENCE
from dojo.bench.machine import name_of
from dojo.benching.table import rate as short
from dojo.drawing import BLUE, GOLD, GREEN, GREY, INK, PURPLE, RED, lesson_figure, name_lines, panels, tidy
from dojo.loading import ROOT

COLOURS = {"numpy": BLUE, "torch": RED, "sklearn": GOLD}  # of the references, and of who is neither
BUILT_IN, COMPILED, MINE = GREEN, PURPLE, INK
Spread = tuple[int, float, float]  # batch size, items in a second, and their spread as a share
Crossing = tuple[float, float, str, str]  # batch size, items in a second, who leads from there, and whom
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
        sizes, rates, _ = zip(*row["points"], strict=True)
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
    low, high = axes.get_ylim()
    axes.set_ylim(low / (1.6 + 1.4 * len(marked)), high * 1.3)  # room below the lines for the marks
    axes.yaxis.set_major_formatter(lambda value, _: short(value).strip())
    mark(axes, marked)
    name_lines(axes)
    return figure


def mark(axes: Axes, marked: list[Crossing]) -> None:
    """A ring at each crossing, and below all lines what changes there, one row for each."""
    low = axes.get_ylim()[0]
    for n, (size, rate, winner, loser) in enumerate(reversed(marked)):
        foot = low * 1.25 * 1.5**n
        axes.plot([size, size], [foot, rate], ":", color=GREY, linewidth=1, label="_")
        axes.plot([size], [rate], "o", color="white", markeredgecolor=INK, markersize=9, zorder=5, label="_")
        text = f"from {size:.0f}: {winner} ahead of {loser} "
        middle = math.sqrt(math.prod(axes.get_xlim()))
        side = "right" if size > middle else "left"
        axes.annotate(
            text if side == "right" else f" {text}", (size, foot), fontsize=9, color=INK, ha=side, va="center"
        )


def lines(records: list[dict]) -> dict[str, dict]:
    """Contender → its device, its colour, and its (batch size, items in a second, spread)."""
    found: dict[str, dict] = {}
    for record in records:
        for row in record["rows"]:
            by_kind = {"compiled": COMPILED, "learner": MINE} | (
                {"built-in": BUILT_IN} if row["track"] == "torch" else {}
            )
            kept = {key: row[key] for key in ("device", "kind", "track")}
            colour = by_kind.get(row["kind"], COLOURS[row["track"]])
            line = found.setdefault(row["name"], kept | {"colour": colour, "points": []})
            line["points"].append((record["batch"], row["rate"], row["iqr"] / row["median"]))
    return found


def crossings(records: list[dict]) -> list[Crossing]:
    """Where the numpy reference and torch's own meet, and where a GPU overtakes the processor, by rising batch size."""
    found, known = [], lines(records)
    ready = {name: line for name, line in known.items() if line["kind"] == "built-in" and line["track"] == "torch"}
    built_in = [name for name, line in ready.items() if line["device"] == "cpu"]
    pairs = [(NUMPY_REFERENCE, name) for name in built_in]
    pairs += [(name, gpu) for name in built_in for gpu, line in ready.items() if line["device"] != "cpu"]
    for one, other in pairs:
        for size, rate, rising in crossing(known[one]["points"], known[other]["points"]):
            found.append((size, rate, *((other, one) if rising else (one, other))))
    return sorted(found)


def crossing(one: list[Spread], other: list[Spread]) -> list[tuple[float, float, bool]]:
    """Where two lines cross on axes of logarithms: (batch, items in a second, whether the second one is ahead from there).

    A lead counts only where it is larger than the spread of both, so that noise makes no crossing.
    """
    theirs = {size: (rate, spread) for size, rate, spread in other}
    leads = []
    for size, rate, spread in one:
        if size in theirs:
            lead = math.log(theirs[size][0] / rate)
            if abs(lead) > max(spread + theirs[size][1], LEAST):
                leads.append((math.log(size), lead, math.log(rate)))
    found = []
    for (x, lead, y), (next_x, next_lead, next_y) in itertools.pairwise(leads):
        if lead * next_lead < 0:
            part = lead / (lead - next_lead)
            at = x + part * (next_x - x), y + part * (next_y - y)
            found.append((math.exp(at[0]), math.exp(at[1]), next_lead > 0))
    return found


def headline(kata: str, marked: list[Crossing]) -> str:
    """What the picture shows, in a sentence."""
    if not marked:
        return f"{kata}: throughput against batch size"
    size, _, winner, loser = marked[-1]
    return f"{kata}: from a batch of {size:.0f} on, the {winner} is ahead of the {loser}".replace(
        "the torch.", "torch."
    )


def below(records: list[dict], machine: dict) -> str:
    """The line under the headline: what was run, and where."""
    facts = machine.get("facts")
    where = f"{name_of(facts)}, {facts['threads']} thread{'s' if facts['threads'] > 1 else ''}" if facts else ""
    disturbed = sum(not record["valid"] for record in records)
    note = f" · {disturbed} of {len(records)} sizes disturbed" if disturbed else ""
    return f"float32, contenders in alternating blocks · {where}{note}"
