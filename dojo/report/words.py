"""Numbers and times as the report's sentences have them."""

from datetime import datetime, timedelta


def parsed(time: str) -> datetime | None:
    """A time of the progress, in the zone of this machine; None for what is none."""
    try:
        return datetime.fromisoformat(time).astimezone()
    except (ValueError, OverflowError):
        return None


def moment(time: datetime | None) -> str:
    """`25 Nov 2026, 14:05`."""
    return f"{time.day} {time:%b %Y, %H:%M}" if time is not None else "–"


def iso(time: datetime) -> str:
    """The same for machines."""
    return time.isoformat(timespec="minutes")


def took(span: timedelta) -> str:
    """`12 min`, `1 h 05 min`, `< 1 min`."""
    minutes = round(span.total_seconds() / 60)
    if minutes < 1:
        return "< 1 min"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def number(value: float) -> str:
    """Three digits that count, and thousands set apart: `1,230,000`, `45.6`, `0.0123`."""
    if value != value or value in (float("inf"), float("-inf")):
        return "–"
    rounded = float(f"{value:.3g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 100 else f"{rounded:g}"
