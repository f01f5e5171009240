"""Rules: small pure functions from arrays to a cause or nothing. They know no kata; axis labels come from annotations.

A rule must hold on every wrong answer it is shown, or it stays silent.
"""

import math

import numpy as np

from dojo.diagnosis.cases import CLOSE, Case, close, match, near
from dojo.diagnosis.findings import Match
from dojo.diagnosis.shape_rules import SHAPE_RULES
from dojo.diagnosis.value_rules import VALUE_RULES


def apply(cases: list[Case]) -> list[Match]:
    """Every cause that explains all of `cases`."""
    shaped = [case for case in cases if case.got.shape != case.expected.shape]
    rules, judged = (SHAPE_RULES, shaped) if shaped else (VALUE_RULES, cases)
    found = []
    for rule in rules:
        matches = [rule(case) for case in judged]
        first = matches[0] if matches else None
        if first and all(match and match.cause == first.cause for match in matches):
            found.append(first)
    return found if shaped else found + factor(cases)


def factor(cases: list[Case]) -> list[Match]:
    """got = c · expected with one constant c per case: a mean or sum mixed up, a lost scale, or another factor."""
    cases = [case for case in cases if np.any(case.expected)]
    if sum(np.count_nonzero(case.expected) for case in cases) < 2:
        return []  # any two numbers have a ratio
    ratios = [_ratio(case) for case in cases]
    if not cases or any(ratio is None or abs(ratio - 1) < CLOSE for ratio in ratios):
        return []
    found: list[Match] = []
    known = [case.sizes for case in cases]
    for name in set.intersection(*(set(sizes) for sizes in known)):
        sizes = [case.sizes[name] for case in cases]
        if max(sizes) == 1:
            continue
        if all(near(ratio, size) for ratio, size in zip(ratios, sizes, strict=True)):
            if name == "N":
                found.append(
                    match(
                        "missing-mean",
                        f"it is {name} times too large: a sum over the batch where the mean belongs",
                        "factor",
                    )
                )
            else:
                found.append(match("wrong-factor", f"it is {name} times too large", "factor"))
        elif all(near(ratio, 1 / size) for ratio, size in zip(ratios, sizes, strict=True)):
            found.append(
                match("extra-mean", f"it is {name} times too small: a mean over {name} where a sum belongs", "factor")
            )
        elif all(near(ratio, math.sqrt(size)) for ratio, size in zip(ratios, sizes, strict=True)):
            found.append(
                match("missing-scale", f"it is √{name} times too large: the division by √{name} is missing", "factor")
            )
    first = ratios[0]
    for one, other in ((2, 10), (10, 2)):
        if not found and all(near(ratio, math.log(one) / math.log(other)) for ratio in ratios):
            found.append(match("wrong-base", f"base {other} stands where base {one} belongs", "factor"))
    for base in (2, 10):
        if not found and all(near(ratio, 1 / math.log(base)) for ratio in ratios):
            found.append(
                match("wrong-base", f"it is 1/ln {base} times what belongs here: a logarithm to base {base}", "factor")
            )
    if not found and all(near(ratio, first) for ratio in ratios):
        if near(first, -1):
            return []
        found.append(match("wrong-factor", f"it is {first:.4g} times what belongs here, everywhere", "factor"))
    if not found and len(cases) == 1 or (not found and not all(near(ratio, first) for ratio in ratios)):
        products = [_product(case, ratio) for case, ratio in zip(cases, ratios, strict=True)]
        if all(products) and len({product[0] for product in products if product}) == 1:
            names = products[0][1]  # type: ignore[index]
            if products[0][0] == "large":  # type: ignore[index]
                found.append(
                    match("missing-mean", f"it is {names} times too large: a sum where a mean belongs", "factor")
                )
            else:
                found.append(match("extra-mean", f"it is {names} times too small: a mean over too much", "factor"))
    return found


def _product(case: Case, ratio) -> tuple[str, str] | None:
    """The ratio as a product of two axis sizes."""
    names = sorted(case.sizes)
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            size = case.sizes[one] * case.sizes[other]
            if near(ratio, size):
                return "large", f"{one}·{other}"
            if near(ratio, 1 / size):
                return "small", f"{one}·{other}"
    return None


def _ratio(case: Case) -> float | None:
    got, expected = case.got.astype(float), case.expected.astype(float)
    if got.shape != expected.shape or not np.all(np.isfinite(got)) or not np.all(np.isfinite(expected)):
        return None
    scale = np.max(np.abs(expected), initial=0.0)
    if scale == 0:
        return None
    at = np.unravel_index(np.argmax(np.abs(expected)), expected.shape) if expected.ndim else ()
    ratio = float(got[at] / expected[at])
    return ratio if ratio and close(got, ratio * expected) else None
