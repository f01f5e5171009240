"""A verdict as a notebook shows it: the very words of the terminal, with its colours, as HTML or as plain text."""

import io
from html import escape

from rich.console import Console

from dojo.terminal import show_verdict

WIDTH = 100  # columns
STYLE = "font-family:ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;line-height:1.35;margin:0"
FRAME = f'<pre style="{STYLE}">{{code}}</pre>'


class Verdict:
    """Shows itself as HTML in a notebook and as text elsewhere; `note` stands above it."""

    def __init__(self, verdict: dict, note: str = ""):
        self.verdict, self.note = verdict, note

    def _console(self) -> Console:
        # force_jupyter: rich would display by itself, beside what is shown here
        console = Console(record=True, file=io.StringIO(), width=WIDTH, highlight=False, force_jupyter=False)
        if self.note:
            console.print(self.note, markup=False, style="dim")
        show_verdict(console, self.verdict, everything=True)
        return console

    def _repr_html_(self) -> str:
        return self._console().export_html(inline_styles=True, code_format=FRAME)

    def __repr__(self) -> str:
        return self._console().export_text().rstrip()


class Picture:
    """A matplotlib figure, drawn without pyplot and its windows."""

    def __init__(self, figure):
        self.figure = figure

    def _repr_png_(self) -> bytes:
        drawn = io.BytesIO()
        self.figure.savefig(drawn, format="png", facecolor="white")
        return drawn.getvalue()

    def __repr__(self) -> str:
        return f"a picture of {len(self.figure.axes)} arrays"


class Message:
    """A sentence or two, without a traceback."""

    def __init__(self, text: str):
        self.text = text

    def _repr_html_(self) -> str:
        return FRAME.format(code=escape(self.text))

    def __repr__(self) -> str:
        return self.text
