"""The pytest plugin: what plain `pytest` says about a learner's katas, and how runs are chosen."""

import xml.etree.ElementTree as ElementTree

import pytest

from dojo.loading import ROOT

JUDGED = ("shapes", "affine", "mse", "gradcheck", "softmax", "cross_entropy", "learning_slowdown")


def files(*katas: str) -> list[str]:
    return [f"tests/katas/test_{kata}.py" for kata in katas]


# ---------------------------------------------------------------------- one run over katas in every state


def begun(checkout) -> None:
    """Shapes and activations are stubs; the other katas of JUDGED are right, wrong, half written, broken or waiting."""
    checkout.solve("affine", "numpy", ("db = dout.sum(axis=0)", "db = dout.mean(axis=0)"))
    stub = checkout.kata("mse").read_text(encoding="utf-8")
    body = "    return ((y - target) ** 2).sum() / (2 * len(y))"
    checkout.kata("mse").write_text(stub.replace('    raise NotImplementedError("mse")', body), encoding="utf-8")
    checkout.kata("gradcheck").write_text("def numerical_gradient(f, x, eps:\n    return x\n", encoding="utf-8")
    checkout.solve("softmax")
    checkout.solve("cross_entropy")
    checkout.solve("learning_slowdown")


class Run:
    """The output of one pytest run, and each test's outcome and text from its JUnit XML."""

    def __init__(self, folder):
        self.output = (folder / "output").read_text(encoding="utf-8")
        self.texts, self.outcomes = {}, {}
        for case in ElementTree.parse(folder / "junit.xml").iter("testcase"):
            test = case.get("classname").rsplit("test_", 1)[1], case.get("name").removesuffix("[numpy]")
            self.outcomes[test] = next((child.tag for child in case), "passed")
            self.texts[test] = "\n".join(child.text or "" for child in case)

    def of(self, kata: str) -> dict[str, tuple[str, str]]:
        """Outcome and text of each test of a kata."""
        return {test: (self.outcomes[of, test], self.texts[of, test]) for of, test in self.outcomes if of == kata}


@pytest.fixture(scope="module")
def run(once, new_checkout):
    """`python -m pytest --junitxml …` over JUDGED, done once for all tests of this file."""

    def make(folder):
        checkout = new_checkout(folder / "checkout")
        begun(checkout)
        done = checkout.pytest("--junitxml", "../junit.xml", *files(*JUDGED))
        (folder / "output").write_text(f"{done.stdout}{done.stderr}\nexit code {done.returncode}", encoding="utf-8")

    return Run(once("pytest-run", make))


def test_plain_pytest_fails_while_anything_is_not_right(run):
    assert run.output.endswith("exit code 1")


def test_stubs_fail_as_not_started_in_every_test(run):
    found = run.of("shapes")
    assert len(found) > 20
    for test, (outcome, text) in found.items():
        assert outcome == "failure", test
        assert text.endswith("  not started"), test
        assert "/katas/numpy/shapes.py:" in text.splitlines()[0]


def test_a_right_answer_passes_every_test(run):
    assert {outcome for outcome, _ in run.of("softmax").values()} == {"passed"}


def test_a_right_answer_on_top_of_a_right_prerequisite_passes(run):
    assert {outcome for outcome, _ in run.of("cross_entropy").values()} == {"passed"}


def test_a_wrong_answer_shows_where_what_and_why(run):
    outcome, text = run.of("affine")["test_affine_backward_by_hand"]
    assert outcome == "failure"
    where, facts, likely, *_ = text.splitlines()
    assert where.endswith("/katas/numpy/affine.py:27: affine_backward, db")
    assert facts.startswith("  db is (M=2,) as it should be; 2 of 2 values differ")
    assert likely.startswith("  likely: ")
    assert likely.endswith("[extra-mean]")


def test_a_wrong_answer_fails_only_the_tests_that_ask_for_it(run):
    found = run.of("affine")
    assert {outcome for test, (outcome, _) in found.items() if "backward" not in test} == {"passed"}


def test_the_failing_input_can_be_pasted(run):
    _, text = run.of("affine")["test_affine_backward_by_hand"]
    assert "    from katas.numpy.affine import affine_backward\n" in text
    assert "    print(affine_backward(dout, x, W, b))" in text


def test_half_written_katas_name_the_functions_that_are_not_started(run):
    found = run.of("mse")
    assert found["test_mse_by_hand"][0] == "passed"
    backward = {text for test, (_, text) in found.items() if "backward" in test}
    assert len(backward) == 1
    assert backward.pop().endswith("mse_backward\n  not started")


def test_a_broken_file_says_which_line_and_why_and_nothing_else(run):
    for _, text in run.of("gradcheck").values():
        assert text.count("\n") == 0
        assert "/katas/numpy/gradcheck.py:1: broken: it is not Python: '(' was never closed" in text


def test_an_unfinished_prerequisite_is_named_in_place_of_a_crash(run):
    for test, (outcome, text) in run.of("learning_slowdown").items():
        assert outcome == "failure", test
        assert "needs sigmoid of activations, which is not finished yet" in text
        assert "/katas/numpy/learning_slowdown.py:" in text.splitlines()[0]
        assert "NotImplementedError" not in text


def test_no_traceback_leads_through_the_dojo(run):
    assert "Traceback" not in run.output
    assert "/dojo/" not in run.output.replace("neural-dojo", "")
    assert "/site-packages/" not in run.output


def test_what_the_diagnosis_tries_leaves_no_warnings(run):
    assert "solutions/mistakes" not in run.output


def test_the_short_summary_names_the_place(run):
    assert "FAILED tests/katas/test_affine.py::test_affine_backward_by_hand[numpy] - " in run.output


# ---------------------------------------------------------------------- choosing what runs


def test_from_solutions_is_green_on_both_tracks_whatever_the_katas_hold(checkout):
    pytest.importorskip("torch")
    checkout.kata("softmax").write_text("this is not Python\n", encoding="utf-8")
    done = checkout.pytest("-rA", "--from", "solutions", *files("softmax", "cross_entropy"))
    assert done.returncode == 0, done.stdout
    assert "PASSED tests/katas/test_softmax.py::test_softmax_of_one_row[numpy]" in done.stdout
    assert "PASSED tests/katas/test_softmax.py::test_softmax_of_one_row[torch]" in done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


def test_track_torch_runs_the_torch_files_and_autograd(checkout):
    pytest.importorskip("torch")
    checkout.solve("affine", "torch", ("return x @ W + b", "return x @ W.detach() + b"))
    done = checkout.pytest("-rA", "--track", "torch", *files("affine"))
    assert done.returncode == 1
    assert "PASSED tests/katas/test_affine.py::test_affine_by_hand[torch]" in done.stdout
    assert "FAILED tests/katas/test_affine.py::test_affine_backward_by_hand[torch]" in done.stdout
    assert "[numpy]" not in done.stdout
    assert "katas/torch/affine.py:" in done.stdout
    assert "dW" in done.stdout


def test_xdist_gives_the_same_verdicts_and_words(checkout):
    checkout.solve("affine", "numpy", ("db = dout.sum(axis=0)", "db = dout.mean(axis=0)"))
    done = checkout.pytest("-n", "2", "-rA", *files("affine"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "PASSED tests/katas/test_affine.py::test_affine_by_hand[numpy]" in done.stdout
    assert "katas/numpy/affine.py:27: affine_backward, db" in done.stdout
    assert "likely: " in done.stdout


@pytest.fixture
def pytest_here(capsys, monkeypatch):
    """`pytest_here(*arguments)`: the exit code and output of a run in this process that comes to no test."""

    def run(*arguments: str):
        monkeypatch.chdir(ROOT)
        code = pytest.main(["-p", "no:cacheprovider", "-p", "no:hypothesispytest", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('kata and chapter(number=2) and not kata(name="softmax")', files("cross_entropy")),
        ('track(name="torch") or kata(name="affine")', files("affine")),
    ],
)
def test_markers_select_kata_chapter_and_track(pytest_here, expression, expected):
    chosen = files("softmax", "cross_entropy", "affine", "mse")
    _, text, _ = pytest_here("--collect-only", "-q", "-m", expression, *chosen)
    assert {line.split("::")[0] for line in text.splitlines() if "::" in line} == set(expected)


def test_k_selects_by_the_names_of_functions_and_tracks(pytest_here):
    _, text, _ = pytest_here(
        "--collect-only", "-q", "--track", "all", "-k", "affine_backward and numpy", *files("affine")
    )
    tests = [line for line in text.splitlines() if "::" in line]
    assert tests
    assert all("affine_backward" in test and test.endswith("[numpy]") for test in tests)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--track", "jax"], "--track is numpy, torch or all, not 'jax'"),
        (["--from", "solution"], "--from is katas or solutions, not 'solution'"),
    ],
)
def test_an_unknown_choice_is_a_usage_error(pytest_here, arguments, complaint):
    code, _, errors = pytest_here(*arguments, *files("softmax"))
    assert code == pytest.ExitCode.USAGE_ERROR
    assert complaint in errors
    assert "Traceback" not in errors


def test_a_test_file_of_no_kata_says_so(checkout):
    (checkout.root / "tests" / "katas" / "test_sofmax.py").write_text("def test_it(kata):\n    pass\n")
    done = checkout.pytest(*files("sofmax"))
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "No kata on the map is called 'sofmax'." in done.stdout
    assert "Traceback" not in done.stdout


def test_other_tests_are_left_alone(checkout):
    path = checkout.root / "test_own.py"
    path.write_text("def test_own():\n    assert 1 + 1 == 3\n")
    done = checkout.pytest(str(path))
    assert "assert (1 + 1) == 3" in done.stdout
