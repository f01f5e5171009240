"""The verdict on one kata: a plain dict, the same in every door (terminal, JSON, progress)."""

FORMAT = 1


def verdict(
    kata: str,
    track: str,
    file: str,
    status: str,
    tests: dict[str, int] | None = None,
    seconds: float = 0.0,
    findings: list[dict] | None = None,
    functions: dict[str, int] | None = None,
) -> dict:
    """The verdict's JSON object; `functions` counts those written and those asked for."""
    return {
        "format": FORMAT,
        "kata": kata,
        "track": track,
        "file": file,
        "status": status,
        "tests": tests or {"passed": 0, "failed": 0, "total": 0},
        "seconds": round(seconds, 3),
        "functions": functions or {"done": 0, "total": 0},
        "findings": findings or [],
    }


def whole_file(
    file: str, facts: str, line: int | None = None, cause: str | None = None, says: str = "", function=None
) -> dict:
    """A finding about the file as a whole, or about a function that did not come back."""
    causes = [{"cause": cause, "says": says or facts, "matched": "source"}] if cause else []
    return {
        "function": function,
        "tensor": None,
        "test": "",
        "file": file,
        "line": line or 1,
        "facts": facts,
        "causes": causes,
    }
