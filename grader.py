"""The learner's door: `python grader.py` grades what changed and draws the map; `--help` lists the rest."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"
sys.path.insert(0, str(HERE))
if PYTHON.exists() and Path(sys.prefix).resolve() != (HERE / ".venv").resolve() and "VIRTUAL_ENV" not in os.environ:
    os.execv(PYTHON, [str(PYTHON), *sys.argv])  # so that a plain `python grader.py` finds what `make start` installed

from dojo.cli import main  # noqa: E402

main()
