"""Naming causes: everything that is known about one function's wrong values, and which causes explain them."""

import contextlib
import itertools
import time
import warnings
from dataclasses import replace

import numpy as np

from dojo.checking.calls import Call, copy_values
from dojo.diagnosis import rules
from dojo.diagnosis.cases import Case
from dojo.diagnosis.causes import rank
from dojo.diagnosis.crash import bound_sizes
from dojo.diagnosis.evidence import Answer, Evidence, as_numbers
from dojo.diagnosis.findings import Match
from dojo.diagnosis.hypotheses import Guesser
from dojo.diagnosis.probes import probe
from dojo.diagnosis.quiet import quiet
from dojo.diagnosis.timebox import timebox

MOST_CAUSES = 3
ZERO = "rule:all_zero"  # says more than any guess that happens to give zeros
ONE_ANSWER = 0.2  # seconds for one more answer of the learner's function: on other numbers it may loop for ever
SECONDS = 0.15  # the longest that guesses about one function may take; half as long for a second one, and so on


class Naming:
    """The evidence on each function of a run, and the causes that explain a tensor of it."""

    def __init__(self, loaded, results: list, leave_out: str | None):
        self.loaded, self.results, self.leave_out = loaded, results, leave_out
        self._evidence: dict[str, Evidence] = {}
        self._guessers: dict[str, Guesser] = {}
        self._again: dict[str, bool] = {}

    def evidence(self, law: str) -> Evidence | None:
        """All comparable calls of one function; None for one that the reference does not have."""
        if law not in self.loaded.reference.laws:
            return None
        if law not in self._evidence:
            self._evidence[law] = Evidence(self.loaded, law, self.results)
        return self._evidence[law]

    def causes(self, evidence: Evidence, tensor: str | None) -> list[Match]:
        """The bank first, then what the shape says, then the most specific of all other guesses that came true."""
        if not self._steady(evidence):
            says = "a second call with the same arguments gives another answer"
            return [Match("nondeterministic", says, "again")]
        cases = self._cases(evidence, tensor)
        shaped = any(case.got.shape != case.expected.shape for case in cases)
        candidates = [(3 * guess.group, guess.match) for guess in self._guesser(evidence).explain(tensor)]
        strange = not shaped and any(np.any(~np.isfinite(case.got) & np.isfinite(case.expected)) for case in cases)
        candidates += [(1 if strange or match.matched == ZERO else 3, match) for match in rules.apply(cases)]
        candidates += [(2, match) for match in swapped_outputs(evidence)]
        if not candidates:
            candidates += [(9, match) for match in probe(evidence, tensor, self.learner)]
        candidates.sort(key=lambda pair: (pair[0], rank(pair[1].cause), pair[1].matched == "argument"))
        unique: dict[str, Match] = {}
        for _, match in candidates:
            unique.setdefault(match.cause, match)
        return list(unique.values())[:MOST_CAUSES]

    def learner(self, call: Call) -> dict | None:
        """What the learner's function answers to a call, by tensor name; None when it raises or is refused."""
        with quiet(), timebox(ONE_ANSWER):
            return self.loaded.caller(self.loaded.module, quiet=True).again(call)
        return None

    def _steady(self, evidence: Evidence) -> bool:
        """Whether the learner's function gives the same answer again: what changes by itself fits no guess."""
        if evidence.law not in self._again:
            answer = next(answer for answer in evidence.answers if answer.wrong)
            outputs = self.learner(answer.call)
            same = outputs is None or all(
                name not in outputs or evidence.same(outputs[name], value, answer.call)
                for name, value in answer.call.outputs.items()
                if name in answer.expected  # what is private may be anything
            )
            self._again[evidence.law] = same
        return self._again[evidence.law]

    def _guesser(self, evidence: Evidence) -> Guesser:
        if evidence.law not in self._guessers:
            deadline = time.process_time() + SECONDS / (1 + len(self._guessers))
            self._guessers[evidence.law] = Guesser(evidence, self.loaded, self.leave_out, self.learner, deadline)
        return self._guessers[evidence.law]

    def _cases(self, evidence: Evidence, tensor: str | None) -> list[Case]:
        cases = []
        for answer in evidence.answers:
            if tensor not in answer.wrong or tensor not in answer.call.outputs:
                continue
            got, expected = as_numbers(answer.call.outputs[tensor]), as_numbers(answer.expected[tensor])
            if got.dtype.kind not in "fiub" or expected.dtype.kind not in "fiub":
                continue
            names = evidence.signature.parameters
            arguments = dict(zip(names, answer.call.args, strict=False))
            sizes = bound_sizes(evidence.signature, answer.call.args)
            labels, warned = evidence.labels(answer, tensor), self._warned(answer.call, got)
            gradient = answer.call.gradient or str(tensor).startswith("grads[")
            cases.append(Case(got, expected, labels, arguments, gradient, sizes, warned))
        warned = "; ".join(case.warned for case in cases)
        return [replace(case, warned=warned) for case in cases]

    def _warned(self, call: Call, got: np.ndarray) -> str:
        """Numpy's warnings when the learner's function runs on this call again; asked only where nan or inf came out."""
        if np.all(np.isfinite(got)):
            return ""
        function = vars(self.loaded.module).get(call.function)
        if self.loaded.subject.track != "numpy" or not callable(function):
            return ""
        self.loaded.guard.remember()
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"):
            warnings.simplefilter("always")
            with contextlib.suppress(Exception):
                function(*copy_values(call.args))
        self.loaded.guard.restore()  # the learner's code ran outside of a watched call
        return "; ".join(str(warning.message) for warning in caught)


def swapped_outputs(evidence: Evidence) -> list[Match]:
    """The right outputs in another order."""
    names = evidence.signature.outputs
    wrong = [answer for answer in evidence.answers if answer.wrong]
    for order in itertools.permutations(names) if 1 < len(names) <= 4 and wrong else ():
        if (
            list(order) != list(names)
            and not _opposites(evidence, wrong[0])
            and all(_came_as(evidence, answer, names, order) for answer in wrong)
        ):
            return [
                Match(
                    "wrong-order",
                    f"the results come back as ({', '.join(order)}); ({', '.join(names)}) is expected",
                    "rule:swapped",
                )
            ]
    return []


def _opposites(evidence: Evidence, answer: Answer) -> bool:
    """Whether one right result is the negative of another: then a lost sign and an exchange look alike."""
    values = [np.asarray(value) for value in answer.expected.values() if isinstance(value, np.ndarray | np.generic)]
    return any(evidence.same(one, np.negative(other), answer.call) for one, other in itertools.combinations(values, 2))


def _came_as(evidence: Evidence, answer: Answer, names, order) -> bool:
    got, expected = answer.call.outputs, answer.expected
    return all(
        name in got and came in expected and evidence.same(got[name], expected[came], answer.call)
        for name, came in zip(names, order, strict=True)
    )
