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


def readable(text: str) -> str:
    """Text that came from a learner's code, as any terminal can show it: no control codes, no halves of characters."""
    return CONTROL.sub("�", text.encode("utf-8", "replace").decode("utf-8"))
