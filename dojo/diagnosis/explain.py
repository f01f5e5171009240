"""From failed tests to findings: which function, which tensor, the facts, and the causes whose prediction came true."""

import ast
import contextlib
import itertools
import time
import warnings
from pathlib import Path

import numpy as np

from dojo import stubs
from dojo.checking.compare import Refused, agrees, describe, same
from dojo.checking.gradients import RTOL, numerical_gradients
from dojo.checking.kata import Call, Ended, copy_values
from dojo.diagnosis import rules
from dojo.diagnosis.broken_graph import where_the_graph_ends
from dojo.diagnosis.causes import rank
from dojo.diagnosis.crash import bound_sizes, explain_crash
from dojo.diagnosis.evidence import Answer, Evidence
from dojo.diagnosis.findings import Finding, Match
from dojo.diagnosis.hypotheses import Guesser, entries
from dojo.diagnosis.probes import probe
from dojo.diagnosis.snippet import snippet

MOST_CAUSES = 3
ZERO = "rule:all_zero"  # says more than any guess that happens to give zeros
SECONDS = 0.15  # the longest that guesses about one function may take; half as long for a second one, and so on


def explain(loaded, results: list, leave_out: str | None = None) -> list[Finding]:
    """Findings for the failed tests among `results`, the first wrong one in data-flow order first.

    `leave_out` names a bank entry (`FUNCTION:CAUSE`) that must not be used: the score measures the rules that way.
    """
    return Explanation(loaded, results, leave_out).findings()


class Explanation:
    """One diagnosis of one run; `findings()` gives its result."""

    def __init__(self, loaded, results: list, leave_out: str | None):
        self.loaded, self.results, self.leave_out = loaded, results, leave_out
        self.failed = [result for result in results if result.outcome not in ("passed", "skipped")]
        self.order = list(loaded.reference.signatures)
        self.lines = stubs.functions(loaded.source)
        self._evidence: dict[str, Evidence] = {}
        self._guessers: dict[str, Guesser] = {}
        self._valued: set[str] = set()  # functions whose values have been explained already

    def findings(self) -> list[Finding]:
        found: dict[tuple[str | None, str | None], Finding] = {}
        for result in self.failed:
            for finding in self._of_result(result):
                key = (finding.function, finding.tensor)
                if key not in found:
                    found[key] = finding
                elif finding.causes and not found[key].causes:
                    found[key].causes = finding.causes
        ordered = self._without_repeats(sorted(found.values(), key=self._position))
        self._fold_echoes(ordered)
        return ordered

    def _of_result(self, result) -> list[Finding]:
        error = result.error
        call = self._failing_call(result)
        function = self._function(result, call)
        if result.outcome == "not-started":
            return [self._finding(result, function, None, "not started", call)]
        if isinstance(error, Ended):
            return [self._finding(result, error.function, None, error.how, call)]
        if isinstance(error, Refused):
            return self._of_refusal(result, error, call)
        if call is not None and call.error is error and error is not None:
            return [self._of_crash(result, call)]
        facts = f"{type(error).__name__}: {error}" if error is not None else "the test did not pass"
        return [self._finding(result, function, None, facts, call)]

    # ------------------------------------------------------------------ the three kinds of failure

    def _of_refusal(self, result, refused: Refused, call: Call | None) -> list[Finding]:
        function = refused.function or self._function(result, call)
        if refused.cause:
            says = refused.says or _sentence(refused.cause)
            finding = self._finding(result, function, refused.tensor, refused.facts, call)
            finding.causes = [Match(refused.cause, says, "law")]
            if refused.cause == "graph-broken":
                self._name_graph_end(finding)
            return [finding]
        if call is None:
            return [self._finding(result, function, refused.tensor, refused.facts, call)]
        evidence = self._of_law(call.law)
        wrong = evidence.wrong_tensors() if evidence else []
        if not evidence or not wrong:
            return [self._finding(result, function, refused.tensor, refused.facts, call)]
        if evidence.law in self._valued:
            return []
        self._valued.add(evidence.law)
        return [self._of_values(evidence, tensor, call.function) for tensor in wrong]

    def _of_values(self, evidence: Evidence, tensor: str | None, function: str) -> Finding:
        answer = next(answer for answer in evidence.answers if tensor in answer.wrong)
        call = answer.call
        finding = Finding(function, tensor, "", answer.test, str(self.loaded.subject.path), self._line(function))
        got, expected = call.outputs.get(tensor), answer.expected[tensor]
        if tensor not in call.outputs:
            finding.facts = f"{tensor} is missing; the keys are {', '.join(map(str, call.outputs))}"
        elif isinstance(expected, np.ndarray | np.generic | float | int):
            finding.facts = describe(got, expected, evidence.labels(answer, tensor), evidence.rtol(call))
            finding.causes = self._causes(evidence, tensor)
            if call.gradient:
                finding.facts += self._doctor(evidence, answer, tensor)
        else:
            finding.facts = f"is {_brief(got)}; {_brief(expected)} was expected"
            finding.causes = self._causes(evidence, tensor)
        if call.gradient and self.loaded.subject.track == "torch" and not self._forward_wrong(call.law):
            self._torch_gradient(finding, evidence, answer, tensor)
        finding.printed, finding.inputs = call.printed, snippet(self.loaded.subject, evidence.signature, call)
        return finding

    def _of_crash(self, result, call: Call) -> Finding:
        law = self.loaded.reference.laws[call.law]
        assert call.error is not None
        facts, line, causes = explain_crash(call.error, call.traceback, self._own_files(call), law, call.args)
        finding = self._finding(result, call.function, None, facts, call)
        finding.line, finding.causes = line or finding.line, self._same_crash(call) or causes
        return finding

    def _same_crash(self, call: Call) -> list[Match]:
        """Entries of the bank that raise the very same exception on the same arguments."""
        found = []
        for which, entry in entries(self.loaded, call.law, self.leave_out):
            if entry.track == self.loaded.subject.track and self.loaded.error_of(entry, call) == repr(call.error):
                found.append(Match(entry.cause, entry.says, f"bank:{self.loaded.spec.name}:{which}"))
        return sorted(found, key=lambda match: rank(match.cause))[:1]

    def _own_files(self, call: Call) -> set[str]:
        """The judged file, and the one where a function put in its place stands."""
        code = getattr(vars(self.loaded.module).get(call.function), "__code__", None)
        return {str(self.loaded.subject.path), *([code.co_filename] if code else [])}

    # ------------------------------------------------------------------ causes

    def _causes(self, evidence: Evidence, tensor: str | None) -> list[Match]:
        """The bank first, then what the shape says, then the most specific of all other guesses that came true."""
        cases = self._cases(evidence, tensor)
        shaped = any(case.got.shape != case.expected.shape for case in cases)
        candidates = [(3 * guess.group, guess.match) for guess in self._guesser(evidence).explain(tensor)]
        strange = not shaped and any(np.any(~np.isfinite(case.got) & np.isfinite(case.expected)) for case in cases)
        first = shaped or strange
        candidates += [(1 if first or match.matched == ZERO else 3, match) for match in rules.apply(cases)]
        candidates += [(2, match) for match in swapped_outputs(evidence)]
        if not candidates:
            candidates += [(9, match) for match in probe(evidence, tensor, self._learner)]
        candidates.sort(key=lambda pair: (pair[0], rank(pair[1].cause)))
        unique: dict[str, Match] = {}
        for _, match in candidates:
            unique.setdefault(match.cause, match)
        return list(unique.values())[:MOST_CAUSES]

    def _guesser(self, evidence: Evidence) -> Guesser:
        if evidence.law not in self._guessers:
            deadline = time.perf_counter() + SECONDS / (1 + len(self._guessers))
            self._guessers[evidence.law] = Guesser(evidence, self.loaded, self.leave_out, self._learner, deadline)
        return self._guessers[evidence.law]

    def _cases(self, evidence: Evidence, tensor: str | None) -> list[rules.Case]:
        cases = []
        for answer in evidence.answers:
            if tensor not in answer.wrong or tensor not in answer.call.outputs:
                continue
            got, expected = np.asarray(answer.call.outputs[tensor]), np.asarray(answer.expected[tensor])
            if got.dtype.kind not in "fiub" or expected.dtype.kind not in "fiub":
                continue
            names = evidence.signature.parameters
            arguments = dict(zip(names, answer.call.args, strict=False))
            sizes = bound_sizes(evidence.signature, answer.call.args)
            labels, warned = evidence.labels(answer, tensor), self._warned(answer.call, got)
            cases.append(rules.Case(got, expected, labels, arguments, answer.call.gradient, sizes, warned))
        return cases

    def _warned(self, call: Call, got: np.ndarray) -> str:
        """Numpy's warnings when the learner's function runs on this call again; asked only where nan or inf came out."""
        if np.all(np.isfinite(got)):
            return ""
        function = vars(self.loaded.module).get(call.function)
        if self.loaded.subject.track != "numpy" or not callable(function):
            return ""
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"):
            warnings.simplefilter("always")
            with contextlib.suppress(Exception):
                function(*copy_values(call.args))
        return "; ".join(str(warning.message) for warning in caught)

    def _learner(self, call: Call) -> dict | None:
        """What the learner's function answers to a call, by tensor name; None when it raises or is refused."""
        kata = self.loaded.kata()
        kata.on_call = None
        return kata.answer(call)

    # ------------------------------------------------------------------ the derivative doctor

    def _doctor(self, evidence: Evidence, answer: Answer, tensor: str | None) -> str:
        """Whether the forward is right, which gradients are, and whether this is the derivative of what was written."""
        forward = answer.call.law.removesuffix("_backward")
        right = [name for name in evidence.signature.outputs if name not in evidence.wrong_tensors()]
        if not self._forward_wrong(answer.call.law):
            text = "; your forward pass is right"
            return text + (f", and so {'is' if len(right) == 1 else 'are'} {', '.join(right)}" if right else "")
        if self.loaded.subject.track == "numpy" and self._own_derivative(forward, evidence, answer, tensor):
            return f"; your {forward} differs from the formula, and this is the right derivative of what you wrote"
        return f"; your {forward} is wrong too: mend it first"

    def _own_derivative(self, forward: str, evidence: Evidence, answer: Answer, tensor: str | None) -> bool:
        code = vars(self.loaded.module).get(forward)
        law = self.loaded.reference.signatures.get(forward)
        if code is None or law is None or not tensor or tensor[1:] not in law.parameters:
            return False
        upstream = len(evidence.signature.parameters) - len(law.parameters)
        args = tuple(
            a.astype(float) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in answer.call.args
        )
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                own = numerical_gradients(code, args[:upstream], args[upstream:], [law.parameters.index(tensor[1:])])[0]
        except Exception:
            return False
        return same(answer.call.outputs[tensor], own, RTOL, RTOL)

    def _forward_wrong(self, law: str) -> bool:
        forward = self._of_law(law.removesuffix("_backward"))
        if forward is not None and forward.wrong_tensors():
            return True
        blamed = {r.error.function for r in self.failed if isinstance(r.error, Refused) and not r.error.cause}
        return law.removesuffix("_backward") in blamed and self.loaded.subject.track == "numpy"

    def _torch_gradient(self, finding: Finding, evidence: Evidence, answer: Answer, tensor: str | None) -> None:
        """Autograd gave a wrong gradient of a right forward: a kink was met, or the graph is cut somewhere."""
        place = self._graph_end(finding.function)
        at_kinks = _only_at_kinks([a for a in evidence.answers if tensor in a.expected], tensor)
        if place and not at_kinks:
            self._name_graph_end(finding)
        elif at_kinks:
            says = (
                "only values that tie, or stand exactly at a kink, are wrong: autograd took another side's slope there"
            )
            finding.causes = [Match("ties", says, "rule:kinks")]
        elif not np.any(answer.call.outputs.get(tensor, 1)):
            finding.causes = [_graph_match()]

    def _graph_end(self, function: str | None) -> tuple[int, str] | None:
        code = getattr(vars(self.loaded.module).get(function or ""), "__code__", None)
        if code is None or code.co_filename == str(self.loaded.subject.path):
            return where_the_graph_ends(self.loaded.source, function)
        source = Path(code.co_filename).read_text(encoding="utf-8")
        return where_the_graph_ends(source, function, code.co_firstlineno)

    def _name_graph_end(self, finding: Finding) -> None:
        place = self._graph_end(finding.function)
        if place:
            finding.line = place[0]
            finding.causes = [Match("graph-broken", place[1], "source")]

    # ------------------------------------------------------------------ names and order

    def _of_law(self, law: str) -> Evidence | None:
        if law not in self.loaded.reference.laws:
            return None
        if law not in self._evidence:
            self._evidence[law] = Evidence(self.loaded, law, self.results)
        return self._evidence[law]

    def _failing_call(self, result) -> Call | None:
        """The call that the failed test ended on."""
        for call in reversed(result.calls):
            if call.refused is result.error or (
                call.error is not None and call.error in (result.error, getattr(result.error, "error", None))
            ):
                return call
        function = getattr(result.error, "function", None)
        for call in reversed(result.calls):
            if function is None or call.function == function:
                return call
        return result.calls[-1] if result.calls and function is None else None

    def _function(self, result, call: Call | None) -> str | None:
        if call is not None:
            return call.function
        rest = result.test.removeprefix("test_")
        names = [name for name in self.order if rest == name or rest.startswith(f"{name}_")]
        return max(names, key=len) if names else None

    def _finding(self, result, function: str | None, tensor: str | None, facts: str, call: Call | None) -> Finding:
        finding = Finding(function, tensor, facts, result.test, str(self.loaded.subject.path), self._line(function))
        if call is not None:
            finding.printed = call.printed
            finding.inputs = snippet(self.loaded.subject, self.loaded.reference.laws[call.law], call)
        return finding

    def _line(self, function: str | None) -> int:
        return self.lines.get(function or "", 1)

    def _position(self, finding: Finding) -> tuple[int, int]:
        law = finding.function or ""
        known = law in self.order
        gradient = (finding.tensor or "").startswith("d") and not law.endswith("_backward")
        outputs = self.loaded.reference.signatures[law].outputs if known else ()
        base = (finding.tensor or "").split("[")[0]
        return (self.order.index(law) if known else len(self.order)), outputs.index(base) if base in outputs else int(
            gradient
        )

    def _fold_echoes(self, findings: list[Finding]) -> None:
        """A function that is right once one it calls is right has nothing of its own to mend: say so instead."""
        wrong = list(dict.fromkeys(finding.function for finding in findings if finding.function))
        calls = called_functions(self.loaded.source)
        for function in wrong:
            blamed = [other for other in wrong if other != function and other in calls.get(function, ())]
            if not blamed or not self._right_with(function, blamed):
                continue
            for finding in findings:
                if finding.function == function:
                    finding.facts = f"is fine once `{blamed[0]}` is: it calls it"
                    finding.causes = []

    def _right_with(self, function: str, blamed: list[str]) -> bool:
        """Whether the learner's `function` answers like the reference when `blamed` come from the reference."""
        theirs = vars(self.loaded.own_reference())
        world = vars(self.loaded.module)
        mine = {name: world[name] for name in blamed if name in world and name in theirs}
        world.update({name: theirs[name] for name in mine})
        try:
            laws = [law for law in (function, f"{function}_backward") if law in self._evidence]
            answers = [
                (self._evidence[law], answer) for law in laws for answer in self._evidence[law].answers if answer.wrong
            ]
            return bool(answers) and all(self._agrees(evidence, answer) for evidence, answer in answers)
        finally:
            world.update(mine)

    def _agrees(self, evidence: Evidence, answer: Answer) -> bool:
        outputs = self._learner(answer.call)
        return outputs is not None and all(
            tensor in outputs and evidence.same(outputs[tensor], value, answer.call)
            for tensor, value in answer.expected.items()
        )

    def _without_repeats(self, findings: list[Finding]) -> list[Finding]:
        """An exception or broken law of a function says it all: no guess about its values stands behind it."""
        kept: list[Finding] = []
        for finding in findings:
            earlier = [other for other in kept if other.function == finding.function]
            if any(other.tensor is None and other.facts == finding.facts for other in earlier):
                continue
            kept.append(finding)
        return kept


def called_functions(source: str) -> dict[str, set[str]]:
    """For each top-level function of a file, the names it calls."""
    return {
        node.name: {
            item.func.id for item in ast.walk(node) if isinstance(item, ast.Call) and isinstance(item.func, ast.Name)
        }
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


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
    return any(evidence.same(one, -other, answer.call) for one, other in itertools.combinations(values, 2))


def _came_as(evidence: Evidence, answer: Answer, names, order) -> bool:
    got, expected = answer.call.outputs, answer.expected
    return all(
        name in got and came in expected and evidence.same(got[name], expected[came], answer.call)
        for name, came in zip(names, order, strict=True)
    )


def _sentence(cause: str) -> str:
    from dojo.diagnosis.causes import vocabulary

    return vocabulary()[cause].sentence


def _only_at_kinks(answers: list[Answer], tensor: str | None) -> bool:
    """Whether a gradient is wrong only where its argument is exactly 0, and right somewhere else."""
    right = False
    for answer in answers:
        got, expected = np.asarray(answer.call.outputs.get(tensor)), np.asarray(answer.expected[tensor])
        if got.shape != expected.shape:
            return False
        wrong = ~agrees(got, expected, 1e-6)
        right |= not wrong.all()
        same_shape = [arg for arg in answer.call.args[1:] if isinstance(arg, np.ndarray) and arg.shape == got.shape]
        if wrong.any() and not any(not (wrong & (arg != 0)).any() for arg in same_shape):
            return False
    return right


def _graph_match() -> Match:
    return Match(
        "graph-broken",
        "the forward pass is right, so autograd lost part of the way back: something cuts the graph",
        "rule:graph",
    )


def _brief(value, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
