"""The reference of a kata, made ready for comparing: its module, its source, and what its annotations promise."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from dojo.checking.gradients import numerical_gradients
from dojo.checking.signatures import Signature, signatures
from dojo.loading import load_path, solution_path


@dataclass(frozen=True)
class Reference:
    """A reference. `signatures` has the functions that the file defines; `laws` also the gradients of forward-only ones."""

    module: ModuleType
    source: str
    signatures: dict[str, Signature]
    laws: dict[str, Signature]

    def function(self, law: str) -> Callable:
        """The function that answers to `law`: the reference's own, or central differences where it has no backward."""
        own = vars(self.module).get(law)
        if own is not None:
            return own
        forward = self.signatures[law.removesuffix("_backward")]
        wanted = [forward.parameters.index(name) for name in forward.differentiable]
        upstream = len(self.laws[law].parameters) - len(forward.parameters)

        def differences(*args):
            found = numerical_gradients(vars(self.module)[forward.name], args[:upstream], args[upstream:], wanted)
            return tuple(found) if len(found) > 1 else found[0]

        return differences


@cache
def reference(name: str, track: str = "numpy") -> Reference:
    """The reference of a kata, loaded once per process."""
    path = solution_path(name, track)
    source = path.read_text(encoding="utf-8")
    module = load_path(path, f"reference.{track}.{name}")
    own = signatures(module, source)
    return Reference(module, source, own, own | gradients_of_forward_only(own))


def gradients_of_forward_only(own: dict[str, Signature]) -> dict[str, Signature]:
    """What autograd answers for functions that have no `_backward` of their own."""
    made = {}
    for forward in own.values():
        law = f"{forward.name}_backward"
        if law in own or forward.name.endswith("_backward") or not forward.differentiable:
            continue
        several = len(forward.returns) > 1
        upstream = tuple(f"d{name}" for name in forward.outputs) if several else ("dout",)
        made[law] = Signature(
            name=law,
            parameters=(*upstream, *forward.parameters),
            required=len(upstream) + forward.required,
            annotations=forward.annotations,
            outputs=tuple(f"d{name}" for name in forward.differentiable),
            returns=tuple(forward.annotations[name] for name in forward.differentiable),
        )
    return made
