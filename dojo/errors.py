"""The one kind of error that the dojo shows to a person: what happened, where, and what to do next."""


class DojoError(Exception):
    """Something a person can mend. `str()` is the message; `next_step` is the command or edit that helps.

    Commands print it without a traceback and leave with exit code 2.
    """

    def __init__(self, message: str, next_step: str = ""):
        super().__init__(message)
        self.next_step = next_step

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n{self.next_step}" if self.next_step else message


def nearest(name: str, names: list[str]) -> str:
    """`" Did you mean softmax?"` for the closest of `names`, or an empty string when none is close."""
    import difflib

    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else ""
