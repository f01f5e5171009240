"""What stands under a finding: what the learner printed, and an input that fails when it is pasted into Python."""

import json

import pytest

CASES = {
    "a dict of parameters": (
        "sgd",
        "sgd_step",
        ("    return {name: param - lr", "    print('lr is', lr)\n    return {name: param + lr"),
        "params = {'",
    ),
    "a random generator": (
        "sgd",
        "minibatches",
        ("    for start in range(0, len(x), batch_size):", "    print('N is', len(x))\n    for start in range(0, len(x) - 1, batch_size):"),
        "rng = np.random.default_rng(",
    ),
    "functions": (
        "gradcheck",
        "numerical_gradient",
        ("/ (2 * eps)", "/ eps"),
        "f = lambda x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_prints_and_an_input_that_can_be_pasted_stand_under_a_finding(checkout, name):
    kata, function, change, written = CASES[name]
    checkout.solve(kata, "numpy", change)
    found = next(one for one in checkout.verdict(kata)["findings"] if one["function"] == function)
    assert written in found["inputs"]
    shown = checkout.grader("check", kata, "--all").stdout
    assert "try it:" in shown and all(f"    {line}\n" in shown for line in found["inputs"].splitlines())
    if "print(" in change[1]:
        assert found["printed"].strip() and f"you printed:\n    {found['printed'].splitlines()[0]}\n" in shown
    done = checkout.run("-c", found["inputs"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_hint_starts_from_the_cause_of_the_last_verdict(checkout):
    checkout.solve("mse", "numpy", ("error = y - target", "error = y + target"))
    (verdict,) = [json.loads(line) for line in checkout.grader("check", "mse", "--json").stdout.splitlines()]
    causes = [cause["cause"] for found in verdict["findings"] for cause in found["causes"]]
    shown = checkout.grader("hint", "mse").stdout
    assert shown.startswith(f"about your last verdict ({causes[0]}): ")
    assert "\n\nhint 1 of " in shown
