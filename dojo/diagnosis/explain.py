"""From failed tests to findings: which function, which tensor, the facts, and the causes whose prediction came true."""

import ast
import difflib
from collections.abc import Sequence

import numpy as np

from dojo import stubs
from dojo.checking.calls import Call, Ended
from dojo.checking.compare import Refused, describe
from dojo.diagnosis.causes import rank
from dojo.diagnosis.crash import explain_crash
from dojo.diagnosis.doctor import Doctor
from dojo.diagnosis.evidence import Answer, Evidence
from dojo.diagnosis.findings import Finding, Match
from dojo.diagnosis.hypotheses import entries
from dojo.diagnosis.masks import only_masked
from dojo.diagnosis.naming import Naming
from dojo.diagnosis.quiet import quiet
from dojo.diagnosis.snippet import snippet

MOST_TENSORS = 5  # of one function whose causes are looked for; the others only get their facts


def explain(loaded, results: list, leave_out: str | None = None) -> list[Finding]:
    """Findings for the failed tests among `results`, the first wrong one in data-flow order first.

    `leave_out` names a bank entry (`FUNCTION:CAUSE`) that must not be used: the score measures the rules that way.
    """
    with quiet():
        return Explanation(loaded, results, leave_out).findings()


class Explanation:
    """One diagnosis of one run; `findings()` gives its result."""

    def __init__(self, loaded, results: list, leave_out: str | None):
        self.loaded, self.results, self.leave_out = loaded, results, leave_out
        self.failed = [result for result in results if result.outcome not in ("passed", "skipped")]
        self.order = list(loaded.reference.signatures)
        self.lines = stubs.functions(loaded.source)
        self.naming = Naming(loaded, results, leave_out)
        blamed = {r.error.function for r in self.failed if isinstance(r.error, Refused) and not r.error.cause}
        self.doctor = Doctor(self.naming, blamed)
        self._valued: set[str] = set()  # functions whose values have been explained already
        self._wrong: list[str] = []  # the same, in the order in which they were found
        self._calls = called_functions(loaded.source)

    def findings(self) -> list[Finding]:
        found: dict[tuple[str | None, str | None], Finding] = {}
        for result in self.failed:
            for finding in self._of_result(result):
                key = (finding.function, finding.tensor)
                found.setdefault(key, finding)
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
        facts = f"ends with {type(error).__name__}: {error}" if error is not None else "the test did not pass"
        return [self._finding(result, function, None, facts, call)]

    # ------------------------------------------------------------------ the three kinds of failure

    def _of_refusal(self, result, refused: Refused, call: Call | None) -> list[Finding]:
        function = refused.function or self._function(result, call)
        if refused.cause:
            says = refused.says or _sentence(refused.cause)
            finding = self._finding(result, function, refused.tensor, refused.facts, call)
            finding.causes = [Match(refused.cause, says, "law")]
            if refused.cause == "graph-broken":
                self.doctor.name_graph_end(finding)
            return [finding]
        if call is None:
            return [self._finding(result, function, refused.tensor, refused.facts, call)]
        evidence = self.naming.evidence(call.law)
        wrong = evidence.wrong_tensors() if evidence else []
        if not evidence or not wrong:
            facts = refused.facts + ("" if function in vars(self.loaded.module) else self._other_name(function))
            return [self._finding(result, function, refused.tensor, facts, call)]
        if evidence.law in self._valued:
            return []
        self._valued.add(evidence.law)
        echo = self._echo_of(call.function)
        self._wrong.append(call.function)
        named = wrong[:MOST_TENSORS]
        return [self._of_values(evidence, tensor, call.function, tensor in named, echo) for tensor in wrong]

    def _of_values(
        self, evidence: Evidence, tensor: str | None, function: str, name: bool = True, echo: str = ""
    ) -> Finding:
        """What is wrong with one tensor; why, only if `name`. An `echo` is the whole story."""
        answer = next(answer for answer in evidence.answers if tensor in answer.wrong)
        call = answer.call
        if call.gradient and self.doctor.follows(evidence, answer, tensor):
            facts = self.doctor.follows_sentence(evidence, answer, tensor)
            return Finding(function, tensor, facts, answer.test, str(self.loaded.subject.path), self._line(function))
        finding = Finding(function, tensor, "", answer.test, str(self.loaded.subject.path), self._line(function))
        got, expected = call.outputs.get(tensor), answer.expected[tensor]
        if echo:
            finding.facts = echo
            return finding
        if tensor not in call.outputs:
            finding.facts = f"{tensor} is missing; the keys are {', '.join(map(str, call.outputs))}"
        elif isinstance(expected, np.ndarray | np.generic | float | int):
            finding.facts = describe(got, expected, evidence.labels(answer, tensor), evidence.rtol(call))
            finding.facts += only_masked(evidence, answer, tensor)
            finding.facts += self.doctor.sentence(evidence, answer, tensor) if call.gradient else ""
        else:
            finding.facts = f"is {_brief(got)}; {_brief(expected)} was expected"
        if name and tensor in call.outputs:
            finding.causes = self.naming.causes(evidence, tensor)
        if call.gradient and self.loaded.subject.track == "torch":
            self.doctor.name_torch_gradient(finding, evidence, answer, tensor)
        finding.printed, finding.inputs = call.printed, snippet(self.loaded.subject, evidence.signature, call)
        return finding

    def _of_crash(self, result, call: Call) -> Finding:
        law = self.loaded.reference.laws[call.law]
        assert call.error is not None
        facts, line, causes = explain_crash(call.error, call.traceback, self._own_files(call), law, call.args)
        finding = self._finding(result, call.function, None, facts, call)
        finding.line, finding.causes = line or finding.line, self._same_crash(call) or causes
        if not finding.causes and "does not require grad" in str(call.error):
            self.doctor.name_lost_graph(finding)
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

    # ------------------------------------------------------------------ names and order

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
            if function in vars(self.loaded.module):
                finding.inputs = snippet(self.loaded.subject, self.loaded.reference.laws[call.law], call)
        return finding

    def _other_name(self, function: str | None) -> str:
        """A function of the file that may be meant to be the one that is missing."""
        close = difflib.get_close_matches(function or "", set(self.lines) - set(self.order), n=1, cutoff=0.7)
        return f"; it has {close[0]}" if close else ""

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
        for function in wrong:
            echo = self._echo_of(function, wrong)
            for finding in findings if echo else ():
                if finding.function == function:
                    finding.facts, finding.causes, finding.printed, finding.inputs = echo, [], "", ""

    def _echo_of(self, function: str, wrong: Sequence[str] = ()) -> str:
        """The sentence about a function that is right once one of the `wrong` ones is that it calls; else nothing."""
        calls = self._calls.get(function, ())
        blamed = [other for other in wrong or self._wrong if other != function and other in calls]
        if blamed and self._right_with(function, blamed):
            return f"is fine once `{blamed[0]}` is: this function calls it"
        return ""

    def _right_with(self, function: str, blamed: list[str]) -> bool:
        """Whether the learner's `function` answers like the reference when `blamed` come from the reference."""
        theirs = vars(self.loaded.own_reference())
        world = vars(self.loaded.module)
        mine = {name: world[name] for name in blamed if name in world and name in theirs}
        world.update({name: theirs[name] for name in mine})
        try:
            known = [self.naming.evidence(law) for law in (function, f"{function}_backward")]
            answers = [
                (evidence, answer) for evidence in known if evidence for answer in evidence.answers if answer.wrong
            ]
            return bool(answers) and all(self._agrees(evidence, answer) for evidence, answer in answers)
        finally:
            world.update(mine)

    def _agrees(self, evidence: Evidence, answer: Answer) -> bool:
        outputs = self.naming.learner(answer.call)
        return outputs is not None and all(
            tensor in outputs and evidence.same(outputs[tensor], value, answer.call)
            for tensor, value in answer.expected.items()
        )

    def _without_repeats(self, findings: list[Finding]) -> list[Finding]:
        """An exception or broken law of a function says it all: no guess about its values stands behind it."""
        kept: list[Finding] = []
        for finding in findings:
            earlier = [other for other in kept if other.function == finding.function]
            crashes = [other for other in earlier if other.tensor is None]
            if any(other.facts == finding.facts or _same_story(other, finding) for other in crashes):
                continue
            kept.append(finding)
        return kept


def _same_story(one: Finding, other: Finding) -> bool:
    return bool(one.causes and other.causes) and one.causes[0].cause == other.causes[0].cause


def called_functions(source: str) -> dict[str, set[str]]:
    """For each top-level function of a file, the names it calls."""
    return {
        node.name: {
            item.func.id for item in ast.walk(node) if isinstance(item, ast.Call) and isinstance(item.func, ast.Name)
        }
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
    }


def _sentence(cause: str) -> str:
    from dojo.diagnosis.causes import vocabulary

    return vocabulary()[cause].sentence


def _brief(value, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
