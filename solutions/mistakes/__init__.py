"""The wrong answers that people give, one file per kata: data for the diagnosis, and the proof that the tests bite.

Each entry overrides one function of the reference and says what is wrong with it:

    @mistake("wrong-operand", "dx", says="this is dout @ dW.T: the gradient of W stands where W belongs")
    def affine_backward(dout, x, W, b): ...
"""

from collections.abc import Callable


def mistake(
    cause: str, tensor: str | None = None, *, says: str, track: str = "numpy"
) -> Callable[[Callable], Callable]:
    """Enter the decorated function into its module's `MISTAKES`.

    `cause` is a word of `dojo/diagnosis/causes.toml`. `tensor` is the first wrong one: `d` + argument for a gradient,
    None for a lone output. `says` is the sentence a learner reads. `track="torch"` marks what only torch can do wrong
    (such a function imports torch inside itself and overrides the torch reference).
    """

    def enter(function: Callable) -> Callable:
        function.cause, function.tensor, function.says, function.track = cause, tensor, says, track
        function.__globals__.setdefault("MISTAKES", []).append(function)
        return function

    return enter
