"""What a diagnosis is made of: findings, and the causes that explain them."""

import re
from dataclasses import dataclass, field

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Match:
    """A cause whose prediction came true: the word, the sentence a learner reads, and what matched (`rule:negated`)."""

    cause: str
    says: str
    matched: str


@dataclass
class Finding:
    """One function and tensor that is not right. `tensor` is None for a lone output, an exception or an unchecked shape."""

    function: str | None
    tensor: str | None
    facts: str
    test: str = ""
    file: str = ""
    line: int = 1
    causes: list[Match] = field(default_factory=list)
    printed: str = ""
    inputs: str = ""

    def as_dict(self) -> dict:
        """The finding as the verdict's JSON has it."""
        found = {
            "function": self.function,
            "tensor": self.tensor,
            "test": self.test,
            "file": self.file,
            "line": self.line,
            "facts": readable(self.facts),
            "causes": [vars(match) for match in self.causes],
        }
        more = (("printed", readable(self.printed)), ("inputs", self.inputs))
        return found | {key: text for key, text in more if text}


def folded(findings: list[Finding]) -> list[tuple[Finding, list[str]]]:
    """Findings without those that one mistake makes again, each with the tensors of the ones left out.

    They belong together when they are of one function and have the same likeliest cause, or stand in one dict and have
    none. The order is that of the first of each.
    """
    made: dict[tuple, tuple[Finding, list[str]]] = {}
    for place, found in enumerate(findings):
        box, inside, _ = (found.tensor or "").partition("[")
        same = found.causes[0].cause if found.causes else box if inside else place
        key = (found.function, found.file, found.line, bool(found.causes), same)
        if key not in made or found.tensor is None:
            made[key if key not in made else (*key, place)] = (found, [])
        else:
            made[key][1].append(found.tensor)
    return list(made.values())


def readable(text: str) -> str:
    """Text that came from a learner's code, as any terminal can show it: no control codes, no halves of characters."""
    return CONTROL.sub("�", text.encode("utf-8", "replace").decode("utf-8"))
