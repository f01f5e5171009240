"""The worker survives the learner: whatever a file does, its verdict comes in time and the next check works."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from dojo.errors import DojoError
from dojo.loading import ROOT, kata_path, solution_path
from dojo.running import client, supervising
from dojo.running.client import Worker

NUMPY = solution_path("softmax", "numpy")
LIMIT = 5.0  # seconds for a check that is expected to come back
SHORT = 1.0  # seconds for one that is not
PLACE = "# here"
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")


@pytest.fixture(scope="module")
def worker():
    with Worker() as made:
        yield made
        assert made.check("softmax", "numpy", file=NUMPY)["status"] == "passed"


@pytest.fixture
def judge(worker, tmp_path):
    """Judge a source; afterwards no process is left, and after a hard case the worker passes the reference."""

    def judged(source: str, track: str = "numpy", limit: float = LIMIT, name: str = "softmax.py", **more):
        path = tmp_path / name
        path.write_text(source, encoding="utf-8")
        started = time.perf_counter()
        found = worker.check("softmax", track, file=path, time_limit=limit, **more)
        assert time.perf_counter() - started < limit + 3
        assert descendants(worker) == []
        assert len(json.dumps(found)) < 100_000
        if found["status"] in ("timeout", "died"):
            assert worker.check("softmax", "numpy", file=NUMPY)["status"] == "passed"
        return found

    return judged


def descendants(worker: Worker) -> list[psutil.Process]:
    """What lives below the worker; a check's orphans come to it."""
    process = worker._process
    return psutil.Process(process.pid).children(recursive=True) if process and process.poll() is None else []


def marked(worker: Worker) -> list[psutil.Process]:
    """Every process that the worker, or a check of it, has started and that still runs."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(supervising.MARK) == worker._mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if not worker._process or process.pid != worker._process.pid]


def answer(inside: str = "", head: str = "", returns: str = "_right(x)", tail: str = "") -> str:
    """The reference between `head` and `tail`, with a softmax that runs `inside` before it answers."""
    body = textwrap.indent(textwrap.dedent(inside).strip() or "pass", "    ")
    text = NUMPY.read_text(encoding="utf-8")
    imports = "import ctypes, os, signal, subprocess, sys, threading, time\n"
    ours = f"_right = softmax\n\n\ndef softmax(x):\n{body}\n    return {returns}\n"
    return f"{imports}{textwrap.dedent(head)}\n{text}\n\n{ours}\n{tail}\n"


def facts(found: dict) -> str:
    """Everything that the findings say."""
    return "\n".join(f"{f['function']} {f['facts']} {[c['cause'] for c in f['causes']]}" for f in found["findings"])


def line_of(source: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if line.endswith(PLACE))


# ---------------------------------------------------------------------- loops, crashes, ends

HARD = {
    # name: status, words of the finding, what the function does
    "an endless loop": ("timeout", "softmax did not come back within 1 s", "while True: pass  # here"),
    "an endless loop in C code": (
        "timeout",
        "softmax did not come back within 1 s",
        "from itertools import repeat\nsum(repeat(0))  # here",
    ),
    "a process that stops itself": ("timeout", "did not come back", "os.kill(os.getpid(), signal.SIGSTOP)"),
    "endless recursion": ("failed", "RecursionError", "return softmax(x)  # here"),
    "60 GB at once": (
        "failed",
        r"MemoryError at `np.ones\(.* Unable to allocate 55.9 GiB",
        "np.ones(7_500_000_000)  # here",
    ),
    "a list that grows": (
        "failed|died",
        "MemoryError.*more memory than a check may use|GB of memory",
        "held = []\nwhile True: held.append(bytes(2**28))  # here",
    ),
    "os._exit": ("died", "softmax ended the process", "os._exit(0)"),
    "os._exit with a code": ("died", "softmax ended the process with exit code 3", "os._exit(3)"),
    "sys.exit": ("died", "softmax ends the process with sys.exit", "sys.exit(0)"),
    "raise SystemExit": ("died", "softmax ends the process with sys.exit", "raise SystemExit"),
    "a segmentation fault": ("died", "SIGSEGV: segmentation fault", "ctypes.string_at(0)  # here"),
    "SIGKILL to itself": ("died", "softmax crashed the process .SIGKILL: killed", "os.kill(os.getpid(), 9)"),
    "an abort": ("died", "SIGABRT: aborted", "os.abort()  # here"),
    "an alarm": ("died", "SIGALRM", "signal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(3)"),
    "SIGKILL to its group": ("died", "SIGKILL", "os.killpg(0, 9)"),
    "all pipes closed": ("died", "softmax closed the pipe through which the dojo listens", "os.closerange(3, 200)"),
    "KeyboardInterrupt": ("died", "softmax raises KeyboardInterrupt", "raise KeyboardInterrupt"),
    "GeneratorExit": ("died", "softmax raises GeneratorExit", "raise GeneratorExit"),
    "pytest.exit": ("died", "softmax calls pytest.exit", "import pytest; pytest.exit('done')"),
    "pytest.skip": ("died", "softmax calls pytest.skip", "import pytest; pytest.skip('later')"),
    "pytest.fail": ("died", "softmax calls pytest.fail", "import pytest; pytest.fail('no')"),
    "pytest.xfail": ("died", "softmax calls pytest.xfail", "import pytest; pytest.xfail('known')"),
    "breakpoint": ("failed", "no terminal for a debugger", "breakpoint()  # here"),
    "input": ("failed", "EOFError", "input('your name? ')  # here"),
}


@pytest.mark.parametrize("name", HARD)
def test_a_function_that_does_not_come_back_is_named(name, judge):
    status, words, inside = HARD[name]
    source = answer(inside)
    found = judge(source, limit=SHORT if status == "timeout" else LIMIT)
    assert re.fullmatch(status, found["status"]), found
    assert re.search(words, facts(found)), facts(found)
    first = found["findings"][0]
    assert first["function"] in ("softmax", "softmax_backward")
    if PLACE in inside:
        assert first["line"] == line_of(source)
    else:
        assert first["line"] > 1
    if status != "failed":
        assert found["tests"]["passed"] < found["tests"]["total"]


AT_IMPORT = {
    "an endless loop": ("timeout", "did not come back within 1 s while it was imported", "while True: pass  # here"),
    "os._exit": ("died", "ended the process while it was imported", "os._exit(0)"),
    "sys.exit": ("died", "ends the process with sys.exit while it is imported", "sys.exit()  # here"),
    "a segmentation fault": ("died", "SIGSEGV.* while it was imported", "ctypes.string_at(0)  # here"),
    "an exception": ("broken", "does not import: ValueError: no such luck", "raise ValueError('no such luck')  # here"),
    "a missing package": ("broken", "No module named 'nowhere'", "import nowhere  # here"),
    "a name that a package lacks": ("broken", "cannot import name 'nothing'", "from math import nothing  # here"),
    "KeyboardInterrupt": ("broken", "does not import: KeyboardInterrupt", "raise KeyboardInterrupt  # here"),
    "pytest.skip": (
        "broken",
        "does not import: Skipped",
        "import pytest\npytest.skip('x', allow_module_level=True)  # here",
    ),
    "pytest.exit": ("broken", "does not import: .*Exit", "import pytest\npytest.exit('x')  # here"),
    "endless recursion": ("broken", "RecursionError", "def f(): f()  # here\nf()"),
    "60 GB": ("broken", "Unable to allocate 55.9 GiB", "import numpy as np\nnp.ones(7_500_000_000)  # here"),
    "an exception without words": (
        "broken",
        "does not import: E: <exception str",
        "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E  # here",
    ),
    "a fork whose parent ends": ("died", "ended the process", "if os.fork(): os._exit(0)"),
}


@pytest.mark.parametrize("name", AT_IMPORT)
def test_a_file_that_cannot_be_imported_is_told_so(name, judge):
    status, words, head = AT_IMPORT[name]
    source = answer(head=head)
    found = judge(source, limit=SHORT if status == "timeout" else LIMIT)
    assert found["status"] == status
    assert re.search(words, facts(found)), facts(found)
    if PLACE in head:
        assert found["findings"][0]["line"] == line_of(source)


def test_a_recursion_that_overflows_the_stack_dies(judge):
    source = answer("sys.setrecursionlimit(10**8)\nreturn max([x], key=softmax)  # here")
    found = judge(source)
    # From 3.12 on Python counts what C code calls and raises in time.
    assert found["status"] == ("died" if sys.version_info < (3, 12) else found["status"]) != "passed"
    assert re.search("SIGSEGV|SIGABRT|RecursionError", facts(found))


def test_a_crash_that_only_the_diagnosis_meets_keeps_the_bare_facts(judge):
    """Every test has ended when the diagnosis calls the function again: the verdict stands without its causes."""
    inside = "import inspect\nif any('/diagnosis/' in f.filename for f in inspect.stack(0)): os.kill(os.getpid(), 9)"
    backward = "\n\ndef softmax_backward(dout, x):\n    return 3 * dout * x\n"
    found = judge(answer(inside, returns="2 * _right(x)") + backward)
    assert found["status"] == "failed"
    assert 0 < found["tests"]["passed"] < found["tests"]["total"]
    assert "softmax is (C=3,) as it should be; 3 of 3 values differ" in facts(found)
    assert "(SIGKILL: killed) when it was called again for the diagnosis" in facts(found)


def test_killing_the_worker_is_survived(worker, tmp_path):
    path = tmp_path / "softmax.py"
    path.write_text(answer("os.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(60)"))
    before = worker._mark
    found = worker.check("softmax", "numpy", file=path, time_limit=LIMIT)
    assert found["status"] == "died"
    assert "took the worker" in facts(found)
    assert "SIGKILL" in facts(found)
    old = SimpleNamespace(_mark=before, _process=None)
    assert wait_until(lambda: not marked(old)), marked(old)
    assert worker.check("softmax", "numpy", file=NUMPY)["status"] == "passed"


def test_stopping_the_worker_is_survived(worker, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE", 0.5)
    path = tmp_path / "softmax.py"
    path.write_text(answer("os.kill(os.getppid(), signal.SIGSTOP)"))
    found = worker.check("softmax", "numpy", file=path, time_limit=0.3)
    assert found["status"] == "died"
    assert "stopped the worker" in facts(found)
    assert worker.check("softmax", "numpy", file=NUMPY)["status"] == "passed"


def ended(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_until(true, seconds: float = 3.0) -> bool:
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


# ---------------------------------------------------------------------- right answers with bad manners

ONCE = "if not hasattr(sys, 'once'):\n    sys.once = True\n"
LEAVES = "subprocess.Popen(['sleep', '60'], start_new_session={})"
RUDE = {
    # name: words of a note or None, at import, inside
    "prints 100 MB": (None, "", ONCE + "    for _ in range(100): print('x' * 10**6)"),
    "prints 100 MB at import": (None, "for _ in range(100): print('x' * 10**6)", ""),
    "writes 100 MB to fd 1": (None, "", ONCE + "    for _ in range(1600): os.write(1, b'x' * 2**16)"),
    "writes 100 MB to the buffer": (None, "", ONCE + "    for _ in range(100): sys.stdout.buffer.write(b'x' * 10**6)"),
    "writes 100 MB to fileno": (
        None,
        "",
        ONCE + "    for _ in range(100): os.write(sys.stdout.fileno(), b'x' * 2**20)",
    ),
    "prints to stderr": (None, "", "print('x' * 10**5, file=sys.stderr)"),
    "leaves a process": (None, "", ONCE + f"    {LEAVES.format(False)}"),
    "leaves a process of another session": (None, "", ONCE + f"    {LEAVES.format(True)}"),
    "forks twice": (
        None,
        "",
        ONCE
        + "    if os.fork() == 0:\n        os.setsid()\n        if os.fork() == 0: time.sleep(60)\n        os._exit(0)",
    ),
    "forks and goes on": (None, "os.fork()", ""),
    "deletes its own source": (None, "os.remove(__file__)", ""),
    "seeds numpy": ("numpy's global random state", "import numpy as np\nnp.random.seed(0)", ""),
    "seeds numpy inside": ("numpy's global random state", "", "np.random.seed(0)"),
    "sets numpy's state": (
        "numpy's global random state",
        "",
        "np.random.set_state(np.random.RandomState(7).get_state())",
    ),
    "replaces numpy's generator": (
        "numpy's global random state",
        "",
        "np.random.set_bit_generator(np.random.MT19937(1))",
    ),
    "makes numpy raise": ("numpy's error settings", "import numpy as np\nnp.seterr(all='raise')", ""),
    "makes numpy raise inside": (
        "numpy's error settings",
        "",
        "result = _right(x); np.seterr(all='raise'); return result",
    ),
    "makes warnings errors": (None, "import warnings\nwarnings.simplefilter('error')", ""),
    "makes warnings errors inside": (None, "", "import warnings; warnings.simplefilter('error')"),
    "warns": (None, "", "import warnings; warnings.warn('careful')"),
    "has an invalid escape": (None, "PATTERN = '\\d'", ""),
    "raises the recursion limit": (None, "sys.setrecursionlimit(50_000)", "sys.setrecursionlimit(60_000)"),
    "changes the folder": ("the working directory", "os.chdir('/')", ""),
    "changes the folder inside": ("the working directory", "", "os.chdir('/')"),
    "closes fd 1 and 2": (None, "", ONCE + "    os.close(1); os.close(2)"),
    "closes fd 1 and 2 at import": (None, "os.close(1)\nos.close(2)", ""),
    "replaces sys.stdout": (None, "import io\nsys.stdout = io.StringIO()", "import io; sys.stdout = io.StringIO()"),
    "sets sys.stdout to None": (None, "sys.stdout = sys.stderr = None", "sys.stdout = None"),
    "closes sys.stdout": (None, "", "sys.stdout.close(); print('still here')"),
    "traces": ("the trace function", "sys.settrace(lambda *_: None)", ""),
    "traces inside": ("the trace function", "", "sys.settrace(lambda *_: None)"),
    "leaves a thread": (None, "", "threading.Thread(target=time.sleep, args=(60,)).start()"),
    "has an exit handler that loops": (None, "import atexit\n@atexit.register\ndef f():\n    while True: pass", ""),
    "ignores SIGTERM": (None, "signal.signal(signal.SIGTERM, signal.SIG_IGN)", ""),
    "ignores every signal it can": (
        None,
        "for s in set(signal.Signals) - {9, 19}: signal.signal(s, signal.SIG_IGN)",
        "",
    ),
    "empties sys.modules": ("sys.modules", "", "answer = _right(x); sys.modules.clear(); return answer"),
    "answers read-only": (None, "", "result = _right(x); result.flags.writeable = False; return result"),
    "answers in Fortran order": (None, "", "return np.asfortranarray(_right(x))"),
    "answers with a stride": (
        None,
        "",
        "r = _right(x); w = np.zeros((*r.shape, 2), r.dtype); w[..., 0] = r; return w[..., 0]",
    ),
    "imports heavily inside": (None, "", "import scipy.special, unittest.mock, logging.config"),
}
RUDE_WITH_TORCH = {
    "switches gradients off": ("torch's settings", "torch.set_grad_enabled(False)"),
    "changes the default type": ("torch's settings", "torch.set_default_dtype(torch.float64)"),
    "seeds torch": (None, "torch.manual_seed(0)"),
}


@pytest.mark.parametrize("name", RUDE)
def test_a_right_answer_with_bad_manners_passes(name, judge, worker):
    note, head, inside = RUDE[name]
    found = judge(answer(inside, head), limit=10.0)
    assert found["status"] == "passed", found
    assert len(found.get("output", "")) < 5000
    assert marked(worker) == []
    if note:
        assert note in facts(found)
    else:
        assert found["findings"] == []


@needs_torch
@pytest.mark.parametrize("name", RUDE_WITH_TORCH)
def test_a_right_answer_in_torch_with_bad_manners_passes(name, judge):
    note, tail = RUDE_WITH_TORCH[name]
    found = judge(solution_path("softmax", "torch").read_text(encoding="utf-8") + f"\n{tail}\n", "torch", limit=20.0)
    assert found["status"] == "passed", found
    assert (note or "") in facts(found)
    assert bool(found["findings"]) == bool(note)


@needs_torch
def test_importing_torch_on_the_numpy_track_needs_no_note(judge):
    found = judge(answer("", "import torch"), limit=20.0)
    assert (found["status"], found["findings"]) == ("passed", [])


def test_output_is_capped_and_counted(judge):
    found = judge(answer(head="print('first words')\nfor _ in range(10): print('x' * 10**6)"))
    assert found["output"].startswith("first words")
    assert re.search(r"and 9,99\d,\d{3} more bytes", found["output"])


# ---------------------------------------------------------------------- a judge that was tampered with

FAKE_TESTS = """
import types
fake = types.ModuleType("tests.katas.test_softmax")
exec("\\n".join(f"def test_{n}(kata): kata.softmax(__import__('numpy').ones((1, 2)))" for n in range(40)), vars(fake))
for name in ("tests.katas.test_softmax", "test_softmax", "katas.test_softmax"): sys.modules[name] = fake
"""
NAMES_OF_TESTS = """
for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").endswith("test_softmax"):
        for key in [key for key in vars(module) if key.startswith("test_")]: setattr(module, key, lambda kata: None)
        module.np = __import__("unittest.mock").mock.MagicMock()
"""
MODULE = 'sys.modules["dojo.{}"]'
CODE = "lambda *args, **kwargs: None"
PATCHES = {
    "numpy.testing": f"import numpy.testing; numpy.testing.assert_allclose = {CODE}",
    "np.allclose": "import numpy; numpy.allclose = numpy.array_equal = lambda *args, **kwargs: True",
    "np.all": "import numpy; numpy.all = lambda *args, **kwargs: True",
    "np.asarray": "import numpy; numpy.asarray = lambda *args, **kwargs: numpy.zeros(())",
    "pytest.raises": "import pytest, contextlib; pytest.raises = contextlib.nullcontext",
    "abs": "import builtins; builtins.abs = lambda value: 0",
    "isinstance": "import builtins; builtins.isinstance = lambda *args: True",
    "len": "import builtins; builtins.len = lambda value: 0",
    "all": "import builtins; builtins.all = builtins.bool = lambda value=None: True",
    "fake tests": FAKE_TESTS,
    "names of the tests": NAMES_OF_TESTS,
    "compare": f"m = {MODULE.format('checking.compare')}; m.same = m.agrees = lambda *args, **kwargs: True",
    "compare's bool": f"{MODULE.format('checking.compare')}.bool = lambda value: True",
    "kata's same": f"{MODULE.format('checking.kata')}.same = lambda *args, **kwargs: True",
    "Kata.assert_close": f"k = {MODULE.format('checking.kata')}.Kata; k.assert_close = k.assert_gradients = {CODE}",
    "Kata.__getattribute__": f"""
k = {MODULE.format("checking.kata")}.Kata
k.__getattribute__ = lambda self, name: ({CODE}) if name.startswith("assert") else object.__getattribute__(self, name)
""",
    "the code of assert_close": f"""
k = {MODULE.format("checking.kata")}.Kata
k.assert_close.__code__ = k.assert_gradients.__code__ = ({CODE}).__code__
""",
    "Guard.restore": f"g = {MODULE.format('checking.guard')}.Guard; g._restore = lambda self: []; __import__('numpy').all = {CODE}",
    "the plugin": f"{MODULE.format('running.plugin')}._outcome = lambda *args: 'passed'",
    "status_of": f"{MODULE.format('running.judge')}.status_of = lambda *args: 'passed'",
}
HIDDEN = {  # what is only looked over between tests: a file that changes it proves nothing, right or wrong
    "runtest": f"import _pytest.python; _pytest.python.Function.runtest = {CODE}",
    "numpy's own helpers": """
import numpy._core.fromnumeric as f
f._wrapreduction_any_all = lambda *args, **kwargs: True
""",
    "json": """
import json
old = json.dumps
json.dumps = lambda value, **k: old(value).replace('"failed"', '"passed"')
""",
    "a thread": """
def later():
    time.sleep(0.002)
    sys.modules["dojo.checking.kata"].same = lambda *args, **kwargs: True
if not hasattr(sys, "once"):
    sys.once = [threading.Thread(target=lambda: [later() for _ in range(50)]).start()]
""",
}


@pytest.mark.parametrize("where", ["import", "inside"])
@pytest.mark.parametrize("name", [*PATCHES, *HIDDEN])
def test_a_wrong_answer_never_passes_whatever_it_replaces(name, where, judge):
    patch = {**PATCHES, **HIDDEN}[name]
    inside, tail = (patch, "") if where == "inside" else ("", patch)
    found = judge(answer(inside, returns="2 * _right(x)", tail=tail), explain=False)
    assert found["status"] == "failed", found


def test_the_diagnosis_of_a_wrong_answer_is_not_misled_by_what_it_replaces(judge):
    found = judge(answer(f"{PATCHES['compare']}\n{PATCHES['abs']}", returns="2 * _right(x)"))
    assert "softmax is (C=3,) as it should be; 3 of 3 values differ" in facts(found)
    assert "wrong-factor" in facts(found)


UNNOTED = {"fake tests", "names of the tests"}  # they come too late, or find nothing that they could replace


@pytest.mark.parametrize("name", PATCHES)
def test_a_right_answer_passes_with_a_note_on_what_it_replaces(name, judge):
    found = judge(answer(f"answer = _right(x)\n{textwrap.dedent(PATCHES[name]).strip()}\nreturn answer"))
    assert found["status"] == "passed", found
    assert ("the dojo put it back before judging" in facts(found)) == (name not in UNNOTED)


def test_a_right_answer_passes_with_a_note_on_what_its_import_replaces(judge):
    harmless = [patch for name, patch in PATCHES.items() if name not in ("fake tests", "names of the tests")]
    found = judge(answer(tail="\n".join(textwrap.dedent(patch) for patch in harmless)))
    assert found["status"] == "passed", found
    assert "the dojo put it back before judging" in facts(found)


# ---------------------------------------------------------------------- answers of the wrong kind

ODD = {
    # name: words of the finding, the expression that is returned
    "nothing": ("is None; np.ndarray was expected", "None"),
    "a list": ("is a list; np.ndarray was expected", "_right(x).tolist()"),
    "a tuple": ("is a tuple; np.ndarray was expected", "(_right(x),)"),
    "a generator": ("is an iterator; np.ndarray was expected", "(row for row in _right(x))"),
    "an endless generator": ("yields more than 100,000 items", "iter(int, 1)"),
    "an object array": ("is an array of objects", "_right(x).astype(object)"),
    "complex numbers": ("is an array of complex128", "_right(x).astype(complex)"),
    "text": ("is an array of <U", "_right(x).astype(str)"),
    "nan": ("nan", "_right(x) * np.nan"),
    "one number": (r"has shape \(\)", "np.asarray(_right(x).sum())"),
    "a matrix": ("is a matrix; np.ndarray was expected", "np.matrix(np.atleast_2d(_right(x).reshape(-1)))"),
    "a masked array": ("is a MaskedArray", "np.ma.masked_array(_right(x))"),
    "a coroutine": ("is a coroutine", "_later()"),
    "the function itself": ("is a function", "softmax"),
    "an error now and then": (
        "ZeroDivisionError",
        "_right(x) / (time.sleep(0) or 1) if CALLS.append(1) or len(CALLS) % 3 else 1 / 0",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_answer_of_the_wrong_kind_is_described(name, judge):
    words, returns = ODD[name]
    found = judge(answer("", "CALLS = []\nasync def _later(): pass", returns))
    assert found["status"] == "failed"
    assert re.search(words, facts(found)), facts(found)


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("softmax()", r"cannot be called as softmax\(x\): .*takes 0 positional arguments"),
        ("softmax(x, axis)", r"cannot be called as softmax\(x\): .*missing 1 required positional argument: 'axis'"),
        ("softmax(*, x)", r"cannot be called as softmax\(x\)"),
    ],
)
def test_a_wrong_signature_says_how_it_is_called(signature, words, judge):
    found = judge(answer() + f"\n\ndef {signature}:\n    return 1\n")
    assert found["status"] == "failed"
    assert re.search(words, facts(found)), facts(found)


def test_a_name_that_is_no_function_is_missed(judge):
    found = judge(answer() + "\n\nlog_softmax = 3\n")
    assert found["status"] == "failed"
    assert "the file has no function log_softmax(x)" in facts(found)


# ---------------------------------------------------------------------- files that are none

CONTENTS = {
    # name: status, words, bytes
    "empty": ("broken", "is empty", b""),
    "blank": ("broken", "is empty", b" \n\t\n"),
    "NUL bytes": ("broken", "null byte", b"def softmax(x):\n    return 0\n\0\0"),
    "binary": ("broken", "not text in UTF-8", bytes(range(256)) * 40),
    "invalid UTF-8": ("broken", "not text in UTF-8", NUMPY.read_bytes() + b"# caf\xe9\n"),
    "an unknown encoding": ("broken", "not text in UTF-8", b"# -*- coding: klingon -*-\n" + NUMPY.read_bytes()),
    "a syntax error": (
        "broken",
        r"is not Python: .*`def log_softmax\(x:`",
        b"import numpy\n\ndef log_softmax(x:\n    pass\n",
    ),
    "bad indentation": ("broken", "is not Python: .*indent", b"def softmax(x):\n    y = x\n   return y\n"),
    "deep nesting": ("broken", "is not Python", b"softmax = " + b"-" * 100_000 + b"1\n"),
    "none of the functions": (
        "broken",
        r"defines none of the kata's functions \(softmax",
        b"def relu(x):\n    return x\n",
    ),
    "Windows line endings": ("passed", "", NUMPY.read_bytes().replace(b"\n", b"\r\n")),
    "old Mac line endings": ("passed", "", NUMPY.read_bytes().replace(b"\n", b"\r")),
    "a byte order mark": ("passed", "", b"\xef\xbb\xbf" + NUMPY.read_bytes()),
    "a latin-1 cookie": (
        "passed",
        "",
        b"# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\nassert len(NAME) == 4\n"
        + NUMPY.read_text(encoding="utf-8").encode("ascii", "ignore"),
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents_of_a_file(name, worker, tmp_path):
    status, words, data = CONTENTS[name]
    path = tmp_path / "softmax.py"
    path.write_bytes(data)
    found = worker.check("softmax", "numpy", file=path)
    assert found["status"] == status, found
    assert re.search(words, facts(found)), facts(found)
    if name == "a syntax error":
        assert found["findings"][0]["line"] == 3


def _missing(path):
    pass


def _loop(path):
    path.symlink_to(path)


KINDS = {
    "missing": (_missing, "is missing"),
    "a folder": (lambda path: path.mkdir(), "is a folder"),
    "a dangling symlink": (lambda path: path.symlink_to(path.parent / "nowhere"), "is missing"),
    "a symlink to itself": (_loop, "cannot be read"),
    "a named pipe": (os.mkfifo, "not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    "huge": (lambda path: path.write_bytes(b"#" * 6_000_000), "has 6 MB"),
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_files(name, worker, tmp_path):
    make, words = KINDS[name]
    path = tmp_path / "softmax.py"
    make(path)
    found = worker.check("softmax", "numpy", file=path, time_limit=LIMIT)
    assert found["status"] == "broken"
    assert words in facts(found)


@pytest.mark.parametrize("name", ["nul\0byte.py", "x" * 5000 + ".py"], ids=["a NUL byte", "5000 letters"])
def test_names_that_no_file_can_have(name, worker, tmp_path):
    assert worker.check("softmax", "numpy", file=tmp_path / name)["status"] == "broken"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(worker, tmp_path):
    path = tmp_path / "softmax.py"
    path.write_bytes(NUMPY.read_bytes())
    path.chmod(0)
    found = worker.check("softmax", "numpy", file=path)
    assert found["status"] == "broken"
    assert "cannot be read: Permission denied" in facts(found)


def test_a_path_that_is_not_ascii_still_names_the_line(judge):
    source = answer("os.abort()  # here")
    assert judge(source, name="Übung ‹1›.py")["findings"][0]["line"] == line_of(source)


# ---------------------------------------------------------------------- answers that are somebody else's

OWN = {
    "from the module": "from solutions.numpy.softmax import softmax",
    "the module": "import solutions.numpy.softmax as s",
    "from the folder": "from solutions.numpy import softmax as s",
    "by its dotted name": "import solutions.numpy.softmax\nsoftmax = solutions.numpy.softmax.softmax",
    "of the other track": "from solutions.torch.softmax import softmax",
    "import_module": "import importlib\ns = importlib.import_module('solutions.numpy.softmax')",
    "import_module by name": "from importlib import import_module as load\ns = load(name='solutions.numpy.softmax')",
    "import_module, relative": "from importlib import import_module\ns = import_module('.softmax', 'solutions.numpy')",
    "__import__": "s = __import__('solutions.numpy.softmax', fromlist=['softmax'])",
    "exec": "exec(open('solutions/numpy/softmax.py').read())",
    "exec of a Path": "from pathlib import Path\nexec(Path('solutions', 'numpy', 'softmax.py').read_text())",
    "exec of a joined path": "import os\nexec(open(os.path.join(os.getcwd(), 'solutions', 'numpy', 'softmax.py')).read())",
    "exec of a divided path": "from pathlib import Path\nexec((Path.cwd() / 'solutions' / 'numpy' / 'softmax.py').read_text())",
    "exec of a name": "PLACE = 'solutions/numpy/softmax.py'\nexec(open(PLACE).read())",
    "the mistakes": "from solutions.mistakes.softmax import right",
    "itself": "from katas.numpy.softmax import softmax",
    "put together": "s = __import__('solutions.' + 'num' + 'py.soft' + 'max')",
}


@pytest.mark.parametrize("name", OWN)
def test_a_file_that_takes_its_own_solution_is_refused(name, judge):
    found = judge(answer(OWN[name]))
    assert found["status"] == "failed"
    assert [cause["cause"] for cause in found["findings"][0]["causes"]] == ["forbidden-call"], facts(found)
    assert (found["findings"][0]["line"] > 1) == (name != "put together")


def test_an_import_of_the_solution_that_its_source_does_not_show_is_refused(judge):
    found = judge(answer(tail=OWN["put together"]))
    assert found["status"] == "failed"
    assert "imports solutions.numpy.softmax, the kata's own answer" in facts(found)


@pytest.mark.parametrize(
    "head",
    [
        '"""See solutions/numpy/softmax.py."""',
        "# from solutions.numpy.softmax import softmax",
        "from solutions.numpy.activations import sigmoid",
        "NOTE = 'the derivation stands in solutions/derivations/softmax.md'",
    ],
)
def test_what_only_looks_like_the_solution_is_allowed(head, judge):
    found = judge(answer("", head))
    assert found["status"] == "passed", facts(found)


FORBIDDEN = {
    "torch.softmax": ("", "torch.softmax(x, -1)"),
    "as t": ("import torch as t", "t.softmax(x, -1)"),
    "from torch": ("from torch import softmax as given", "given(x, -1)"),
    "a second name": ("given = torch.softmax", "given(x, -1)"),
    "another name of the module": ("library = torch", "library.softmax(x, -1)"),
    "nn.functional": ("nn = torch.nn", "nn.functional.softmax(x, -1)"),
    "F": ("import torch.nn.functional as F", "F.softmax(x, -1)"),
    "from nn": ("from torch.nn import functional as F", "F.softmax(x, -1)"),
    "everything": ("from torch.nn.functional import *", "torch.exp(log_softmax(x, -1))"),
    "the method": ("", "x.softmax(-1)"),
    "the method of a result": ("", "(x - x.amax(-1, keepdim=True)).softmax(-1)"),
    "the method of the class": ("", "torch.Tensor.softmax(x, -1)"),
    "getattr": ("", 'getattr(torch, "softmax")(x, -1)'),
    "getattr of the method": ("", 'getattr(x, "softmax")(-1)'),
    "the module class": ("", "torch.nn.Softmax(dim=-1)(x)"),
    "from torch.nn": ("from torch.nn import Softmax", "Softmax(dim=-1)(x)"),
    "special": ("", "torch.special.softmax(x, -1)"),
}
TORCH = "import torch\n{}\n\n\ndef softmax(x):\n    return {}\n\n\ndef {}(x):\n    return x - torch.logsumexp(x, dim=-1, keepdim=True)\n"


@needs_torch
@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_call_that_is_the_whole_answer_is_refused(name, judge):
    head, returns = FORBIDDEN[name]
    other = "other" if name == "everything" else "log_softmax"
    found = judge(TORCH.format(head, returns, other), "torch", limit=20.0)
    assert found["status"] == "failed"
    assert [cause["cause"] for cause in found["findings"][0]["causes"]] == ["forbidden-call"], facts(found)


HELPERS = {
    "a helper function": """
def _softmax(x, softmax=3):
    e = torch.exp(x - x.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)
""",
    "a method of one's own": """
class Helper:
    def softmax(self, x):
        e = torch.exp(x - x.amax(-1, keepdim=True))
        return e / e.sum(-1, keepdim=True)
    def twice(self, x):
        return self.softmax(x)
helper = Helper()
def _softmax(x):
    Helper.softmax(helper, x), Helper().softmax(x), helper.twice(x)
    return helper.softmax(x)
""",
    "a variable": """
def _softmax(x):
    softmax = torch.exp(x - x.amax(-1, keepdim=True))
    softmax = softmax / softmax.sum(-1, keepdim=True)
    return softmax
""",
}


@needs_torch
@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_of_that_name_is_allowed(name, judge):
    found = judge(TORCH.format(HELPERS[name], "_softmax(x)", "log_softmax"), "torch", limit=20.0)
    assert found["status"] == "passed", facts(found)


@needs_torch
def test_a_tensor_on_the_numpy_track_is_described(judge):
    found = judge(answer("import torch", returns="torch.tensor(_right(x))"), limit=20.0)
    assert found["status"] == "failed"
    assert "is a torch tensor; np.ndarray was expected" in facts(found)


# ---------------------------------------------------------------------- workers, clients, and what goes wrong around them


def test_two_workers_at_once(worker, tmp_path):
    loop = tmp_path / "softmax.py"
    loop.write_text(answer("while True: pass"))
    found = {}
    with Worker() as other:
        thread = threading.Thread(
            target=lambda: found.update(other.check("softmax", "numpy", file=loop, time_limit=SHORT))
        )
        thread.start()
        assert worker.check("softmax", "numpy", file=NUMPY)["status"] == "passed"
        thread.join()
        assert other.check("softmax", "numpy", file=NUMPY)["status"] == "passed"
    assert found["status"] == "timeout"


def test_a_worker_that_died_between_two_checks_is_replaced(worker):
    worker.check("softmax", "numpy", file=NUMPY)
    os.kill(worker._process.pid, signal.SIGKILL)
    worker._process.wait()
    assert worker.check("softmax", "numpy", file=NUMPY)["status"] == "passed"


def test_a_closed_worker_leaves_nothing_and_starts_again(worker, tmp_path):
    with Worker() as made:
        made.check("softmax", "numpy", file=NUMPY)
        made.close()
        assert made.close() == 0
        assert marked(made) == []


def test_an_unknown_kata_is_named(worker):
    with pytest.raises(DojoError, match="softmaxx") as raised:
        worker.check("softmaxx", "numpy")
    assert raised.value.next_step


def test_the_learners_environment_changes_nothing(tmp_path, monkeypatch):
    settings = {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTEST_ADDOPTS": "--nope", "PYTEST_PLUGINS": "nope"}
    for key, value in settings.items():
        monkeypatch.setenv(key, value)
    path = tmp_path / "softmax.py"
    path.write_text(answer("import warnings; warnings.warn('careful')", "PATTERN = '\\d'"))
    with Worker() as made:
        assert made.check("softmax", "numpy", file=path)["status"] == "passed"


@pytest.fixture
def house(tmp_path):
    """A small checkout of its own, whose files a test may break."""
    root = tmp_path / "house"
    for part in ("dojo", "katas", "solutions", "tests/katas"):
        shutil.copytree(ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return root


def ask(root: Path, kata: str = "softmax", prelude: str = "") -> str:
    """What a client in the checkout `root` says about a DojoError, or its verdict's status."""
    code = f"""
import sys
sys.path.insert(0, {str(root)!r})
from dojo.errors import DojoError
from dojo.running import client
{prelude}
with client.Worker() as worker:
    try:
        print(worker.check({kata!r}, "numpy", origin="solutions")["status"])
    except DojoError as error:
        print(error)
"""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=True).stdout.strip()


def test_missing_tests_are_a_clear_error(house):
    (house / "tests" / "katas" / "test_softmax.py").unlink()
    said = ask(house).splitlines()
    assert len(said) == 2
    assert said[0].startswith("softmax cannot be judged: ")
    assert said[0].endswith("test_softmax.py is missing.")


def test_a_defect_of_the_dojo_goes_to_a_file(house):
    broken = house / "dojo" / "running" / "judge.py"
    broken.write_text(
        broken.read_text().replace("    started = time.perf_counter()", "    raise RuntimeError('a nail')", 1)
    )
    said = ask(house).splitlines()
    assert said[0] == "The dojo itself failed: RuntimeError: a nail"
    (kept,) = (house / ".dojo").glob("defect-*.txt")
    assert said[1].startswith(f".dojo/{kept.name} has the details")
    assert len(said) == 2
    assert "kata=softmax" in kept.read_text()
    assert "Traceback" in kept.read_text()


def test_a_reference_that_does_not_import_is_a_defect(house):
    (house / "solutions" / "numpy" / "softmax.py").write_text("import nowhere\n\n\ndef softmax(x):\n    return x\n")
    assert "The dojo itself failed: ModuleNotFoundError: No module named 'nowhere'" in ask(house)


def test_a_worker_that_cannot_start_says_why(house):
    bare = house / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    said = ask(house, prelude=f"client.sys.executable = {str(bare)!r}").splitlines()
    assert re.match("The worker could not start: ModuleNotFoundError: No module named", said[0])
    assert "make start" in said[1]
    assert len(said) == 2
    assert len(list((house / ".dojo").glob("defect-*.txt"))) == 1


def test_a_python_that_is_missing_says_so(house):
    said = ask(house, prelude="client.sys.executable = '/nowhere/python'").splitlines()
    assert said[0].startswith("No worker could be started: ")
    assert len(said) == 2


GRADER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from dojo.running.client import Worker
with Worker() as worker:
    worker.start()
    print(worker._mark, worker._process.pid, flush=True)
    worker.check("softmax", "numpy", file=Path(sys.argv[2]), time_limit=60.0)
"""


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_when_the_grader_ends_everything_ends(blow, tmp_path):
    path, begun = tmp_path / "softmax.py", tmp_path / "begun"
    path.write_text(
        answer(
            f"subprocess.Popen(['sleep', '60'], start_new_session=True)\nopen({str(begun)!r}, 'w')\nwhile True: pass"
        )
    )
    command = [sys.executable, "-c", GRADER, str(ROOT), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as grader:
        mark, pid = grader.stdout.readline().split()
        assert wait_until(begun.exists, 10.0)
        grader.send_signal(blow)
        started = time.perf_counter()
        errors = grader.communicate(timeout=5)[1]
    assert time.perf_counter() - started < 2
    assert grader.returncode in (-blow, 128 + blow)
    if blow == signal.SIGINT:
        assert errors.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert wait_until(lambda: not marked(SimpleNamespace(_mark=mark, _process=None)))
    assert wait_until(lambda: ended(int(pid)))


def test_where_orphans_do_not_come_home_they_are_known_by_their_mark(monkeypatch):
    """macOS has no subreaper: the worker looks at what is new among the processes."""
    monkeypatch.setenv(supervising.MARK, "a mark of this test")
    before = set(psutil.pids())
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as marked_one:
        monkeypatch.delenv(supervising.MARK)
        with subprocess.Popen(["sleep", "60"]) as other:
            assert wait_until(lambda: psutil.Process(marked_one.pid).name() == "sleep")
            assert supervising.kill_marked("a mark of this test", set(psutil.pids()) - before) == 1
            assert marked_one.wait(2) == -signal.SIGKILL
            assert supervising.kill_marked("") == 0
            assert other.poll() is None
            other.kill()


def test_the_learners_own_file_is_judged_where_it_stands(worker):
    """Without `file`, the verdict is on katas/."""
    assert worker.check("softmax", "numpy")["file"] == str(kata_path("softmax", "numpy"))
