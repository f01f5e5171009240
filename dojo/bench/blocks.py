"""Times contenders against each other in blocks, by turns, and each of them alone.

By turns call by call would not do: where two libraries keep a pool of threads each, the pools get in each other's way,
and a call takes twenty times as long as it does alone. A block is long enough for that to settle, and the time alone
shows whether it did.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median, quantiles

SHORTEST = 0.3  # seconds of a block
ROUNDS = 9
FARTHEST = 0.10  # a contender further than this from its time alone was disturbed by the others


@dataclass(frozen=True)
class Timing:
    """What was measured of one contender: seconds per call, one number for each block."""

    name: str
    seconds: tuple[float, ...]  # by turns with the others, one for each round
    alone: tuple[float, ...]  # with nobody else, before the first round and after the last

    @property
    def median(self) -> float:
        """Seconds per call in the middle block of the comparison."""
        return median(self.seconds)

    @property
    def median_alone(self) -> float:
        """Seconds per call in the middle block of those alone."""
        return median(self.alone)

    @property
    def iqr(self) -> float:
        """Seconds between the first and the third quartile of the comparison's blocks; 0 for a single block."""
        if len(self.seconds) < 2:
            return 0.0
        first, _, third = quantiles(self.seconds, n=4, method="inclusive")
        return third - first

    @property
    def drift(self) -> float:
        """How much longer a call takes in the comparison than alone, as a share: 0.1 is ten per cent more."""
        return self.median / self.median_alone - 1

    @property
    def valid(self) -> bool:
        """Whether the time in the comparison is the time alone, within ten per cent."""
        return abs(self.drift) <= FARTHEST


def compare(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int = ROUNDS,
    shortest: float = SHORTEST,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Timing]:
    """Time each of `contenders` (name → what to call) in `rounds` blocks of at least `shortest` seconds, by turns.

    Every contender is warmed up for a block first. Each round runs one block of each; every other round runs them in the
    opposite order, so that a machine that grows slower or faster favours nobody. Half as many blocks of each contender
    alone stand before the rounds, and as many behind. ValueError for no contender or no round.
    """
    if not contenders or rounds < 1:
        raise ValueError(f"{len(contenders)} contenders and {rounds} rounds: at least one of each is needed")
    calls = {name: _warm_up(call, shortest, clock) for name, call in contenders.items()}
    alone: dict[str, list[float]] = {name: [] for name in contenders}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}

    def block(name: str) -> float:
        return _block(contenders[name], calls[name], shortest, clock)

    def by_themselves() -> None:
        for name in contenders:
            block(name)  # the threads of the one before come to rest; not counted
            alone[name] += [block(name) for _ in range((rounds + 1) // 2)]

    by_themselves()
    for turn in range(rounds):
        for name in list(contenders)[:: 1 if turn % 2 == 0 else -1]:
            seconds[name].append(block(name))
    by_themselves()
    return {name: Timing(name, tuple(seconds[name]), tuple(alone[name])) for name in contenders}


def speed(of: Timing, against: Timing) -> float:
    """How many times as fast `of` is as `against`: the middle one of the ratios of all rounds.

    The blocks of one round ran one after the other, so what else the machine had to do then weighs on both.
    """
    return median(theirs / mine for mine, theirs in zip(of.seconds, against.seconds, strict=True))


def table(timings: Mapping[str, Timing], against: str) -> str:
    """One line for each contender: milliseconds by turns, their spread and alone, and the speed against one of them.

    A contender that the others disturbed is called invalid, with how far it is from its time alone.
    """
    width = max(len(name) for name in timings) + 2
    lines = [f"{'milliseconds per call':<{max(width, 23)}}{'median':>9}{'IQR':>8}{'alone':>9}{'speed':>9}"]
    for name, timing in timings.items():
        times = f"{timing.median * 1e3:>9.3f}{timing.iqr * 1e3:>8.3f}{timing.median_alone * 1e3:>9.3f}"
        note = "" if timing.valid else f"  invalid: {timing.drift:+.0%} from its time alone"
        lines.append(f"{name:<{max(width, 23)}}{times}{speed(timing, timings[against]):>8.2f}×{note}")
    return "\n".join(lines)


def _warm_up(call: Callable[[], object], shortest: float, clock: Callable[[], float]) -> int:
    """Call for the time of a block; how many calls that took."""
    calls, started = 0, clock()
    while calls == 0 or clock() - started < shortest:
        call()
        calls += 1
    return calls


def _block(call: Callable[[], object], calls: int, shortest: float, clock: Callable[[], float]) -> float:
    """Seconds per call of one block: `calls` calls, and as many again until it lasts at least `shortest` seconds."""
    made, started = 0, clock()
    while True:
        for _ in range(calls):
            call()
        made += calls
        elapsed = clock() - started
        if elapsed >= shortest:
            return elapsed / made
        calls = max(calls // 10, 1)
