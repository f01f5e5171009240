"""The derivative doctor: is a wrong gradient the right derivative of a wrong forward, and where does autograd lose its way."""

import contextlib
from pathlib import Path

import numpy as np

from dojo.checking.compare import agrees, describe, same
from dojo.checking.gradients import RTOL, numerical_gradients
from dojo.diagnosis.broken_graph import where_the_graph_ends
from dojo.diagnosis.evidence import Answer, Evidence
from dojo.diagnosis.findings import Finding, Match
from dojo.diagnosis.naming import Naming
from dojo.diagnosis.quiet import quiet
from dojo.diagnosis.timebox import timebox

LONGEST = 0.2  # seconds for central differences of the learner's own forward: two calls for each number


class Doctor:
    """Looks at gradients. `blamed` are the functions that a test refused without naming a cause."""

    def __init__(self, naming: Naming, blamed: set[str | None]):
        self.naming, self.loaded, self.blamed = naming, naming.loaded, blamed

    def follows(self, evidence: Evidence, answer: Answer, tensor: str | None) -> bool:
        """Whether a wrong gradient is the right derivative of a forward that is wrong: then there is nothing to guess."""
        if not self.forward_wrong(answer.call.law):
            return False
        if self.loaded.subject.track == "torch":  # autograd differentiates what was written
            return True
        return self._own_derivative(answer.call.law.removesuffix("_backward"), evidence, answer, tensor)

    def follows_sentence(self, evidence: Evidence, answer: Answer, tensor: str | None) -> str:
        """Facts for such a gradient."""
        forward = answer.call.law.removesuffix("_backward")
        if self.loaded.subject.track == "torch":
            return f"is wrong because `{forward}` is: mend that first"
        labels = evidence.labels(answer, tensor)
        differs = describe(answer.call.outputs[tensor], answer.expected[tensor], labels, evidence.rtol(answer.call))
        return (
            f"{differs}; your `{forward}` differs from the formula, and this is the right derivative of what you wrote"
        )

    def sentence(self, evidence: Evidence, answer: Answer, tensor: str | None) -> str:
        """Whether the forward is right, and which gradients are."""
        forward = answer.call.law.removesuffix("_backward")
        right = [name for name in evidence.signature.outputs if name not in evidence.wrong_tensors()]
        if not self.forward_wrong(answer.call.law):
            text = "; your forward pass is right"
            return text + (f", and so {'is' if len(right) == 1 else 'are'} {', '.join(right)}" if right else "")
        return f"; your `{forward}` is wrong too: mend it first"

    def _own_derivative(self, forward: str, evidence: Evidence, answer: Answer, tensor: str | None) -> bool:
        code = vars(self.loaded.module).get(forward)
        law = self.loaded.reference.signatures.get(forward)
        if code is None or law is None or not tensor or tensor[1:] not in law.parameters:
            return False
        upstream = len(evidence.signature.parameters) - len(law.parameters)
        args = tuple(
            a.astype(float) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in answer.call.args
        )
        own = None
        self.loaded.guard.remember()
        with quiet(), timebox(LONGEST), contextlib.suppress(Exception):
            own = numerical_gradients(code, args[:upstream], args[upstream:], [law.parameters.index(tensor[1:])])[0]
        self.loaded.guard.restore()  # the learner's code ran outside of a watched call
        return own is not None and same(answer.call.outputs[tensor], own, RTOL, RTOL)

    def forward_wrong(self, law: str) -> bool:
        """Whether the forward function of `law` is wrong too."""
        forward = self.naming.evidence(law.removesuffix("_backward"))
        if forward is not None and forward.wrong_tensors():
            return True
        return law.removesuffix("_backward") in self.blamed and self.loaded.subject.track == "numpy"

    def name_torch_gradient(self, finding: Finding, evidence: Evidence, answer: Answer, tensor: str | None) -> None:
        """Autograd gave a wrong gradient of a right forward: a kink was met, or the graph is cut somewhere."""
        place = self._graph_end(finding.function)
        at_kinks = _only_at_kinks([a for a in evidence.answers if tensor in a.expected], tensor)
        if place and not at_kinks:
            self.name_graph_end(finding)
        elif at_kinks:
            says = (
                "only values that tie, or stand exactly at a kink, are wrong: autograd took another side's slope there"
            )
            finding.causes = [Match("ties", says, "rule:kinks")]
        elif not np.any(answer.call.outputs.get(tensor, 1)):
            finding.causes = [_graph_match()]

    def name_lost_graph(self, finding: Finding) -> None:
        """The learner's own call of autograd found nothing to differentiate: say where the graph was cut, if it shows."""
        place = self._graph_end(finding.function, own=True)
        if place:
            finding.causes = [Match("graph-broken", f"line {place[0]}: {place[1]}", "source")]

    def _graph_end(self, function: str | None, own: bool = False) -> tuple[int, str] | None:
        code = getattr(vars(self.loaded.module).get(function or ""), "__code__", None)
        if code is None or code.co_filename == str(self.loaded.subject.path):
            return where_the_graph_ends(self.loaded.source, function, own=own)
        source = Path(code.co_filename).read_text(encoding="utf-8")
        return where_the_graph_ends(source, function, code.co_firstlineno, own)

    def name_graph_end(self, finding: Finding) -> None:
        """Give a finding the line where the graph is cut, when the source shows it."""
        place = self._graph_end(finding.function)
        if place:
            finding.line = place[0]
            finding.causes = [Match("graph-broken", place[1], "source")]


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
