"""The words of a finding, the same in the terminal, in pytest's output and in JSON."""

from collections.abc import Sequence
from pathlib import Path

from dojo.diagnosis.findings import Finding, readable

SENTENCES = ("not started", "the file ", "the test ", "autograd ")  # facts that need no subject in front of them


def headline(finding: Finding, root: Path | None = None, others: Sequence[str] = ()) -> str:
    """`path:line: affine_backward, dx` — what editors and terminals can jump to. `others` are more of its tensors."""
    path = Path(finding.file)
    if root is not None and path.is_relative_to(root):
        path = path.relative_to(root)
    tensors = [tensor for tensor in (finding.tensor, *others) if tensor]
    what = ", ".join(part for part in (finding.function, _counted(tensors)) if part)
    return f"{path}:{finding.line}: {what}" if what else f"{path}:{finding.line}:"


def _counted(names: Sequence[str]) -> str:
    """`dx`, `dx and dW`, `dx, dW and db`, `dx, dW and 2 more`."""
    if len(names) > 3:
        return f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def body(finding: Finding) -> list[str]:
    """Facts first, then the likely causes."""
    subject = finding.tensor or finding.function or "it"
    whole = finding.facts.startswith(SENTENCES)
    lines = [readable(finding.facts if whole else f"{subject} {finding.facts}")]
    for position, match in enumerate(finding.causes):
        lines.append(f"{'likely' if position == 0 else 'or'}: {match.says}  [{match.cause}]")
    return lines


def plain(finding: Finding, root: Path | None = None) -> str:
    """The whole finding as plain text: where, facts, causes, what was printed, and the input to try."""
    lines = [headline(finding, root), *(f"  {line}" for line in body(finding))]
    if finding.test and finding.facts != "not started":
        lines.append(f"  test: {finding.test}")
    if finding.printed.strip():
        lines.append("  you printed:")
        lines += [f"    {line}" for line in readable(finding.printed).strip().splitlines()[:10]]
    if finding.inputs and finding.facts != "not started":
        lines.append("  try it:")
        lines += [f"    {line}" for line in finding.inputs.splitlines()]
    return "\n".join(lines)
