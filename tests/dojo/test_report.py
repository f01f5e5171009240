"""The report: what the numbers say, what never gets into the page, and how it looks in a browser."""

import errno
import json
import os
import re
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from dojo import progress as recording
from dojo import report
from dojo.errors import DojoError
from dojo.grading import Grader
from dojo.judged import judged_hash
from dojo.loading import curriculum
from dojo.progress import Attempt, Progress, Seen
from dojo.report import story, words
from dojo.report.pictures import pictures
from dojo.report.throughput import throughput
from dojo.running.client import Worker
from tests.dojo import browser as chrome

START = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
HOSTILE = "</td><script>alert('x')</script>\x1b[31m"
DOT = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636800000082008177cd72b60000000049454e44ae426082"
)
VOID = {"meta", "link", "br", "img"}


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def attempts(*told: tuple[float, str, str]) -> list[Attempt]:
    return [Attempt(at(minutes), kata, "numpy", status) for minutes, kata, status in told]


def verdict(kata: str, status: str = "failed", track: str = "numpy", causes=(), function="f", tensors=(None,)) -> dict:
    named = [{"cause": cause, "says": "", "matched": ""} for cause in causes]
    findings = [{"function": function, "tensor": tensor, "causes": named} for tensor in tensors]
    counts = {"tests": {"passed": 1, "failed": 1, "total": 2}, "functions": {"done": 1, "total": 2}}
    return {"kata": kata, "track": track, "status": status, "seconds": 0.1, "findings": findings} | counts


@contextmanager
def clock(minutes: list[float]):
    """The time of what is recorded, as `minutes[0]` after START says."""
    before = recording._now
    recording._now = lambda: at(minutes[0])
    try:
        yield
    finally:
        recording._now = before


# ---------------------------------------------------------------------- what the numbers say


def effort(progress, *told):
    return story.efforts(attempts(*told), progress, curriculum())


@pytest.fixture
def progress(tmp_path):
    return Progress(tmp_path / ".dojo" / "progress.sqlite")


def test_attempts_and_time_count_up_to_the_first_pass_and_leave_out_breaks(progress):
    progress.advance_hint("mse", "numpy", 3)
    told = [
        (0, "mse", "failed"),
        (5, "mse", "failed"),
        (500, "mse", "failed"),
        (510, "mse", "passed"),
        (511, "mse", "failed"),
    ]
    (found,) = effort(progress, *told)
    assert (found.attempts, found.spent, found.hints, found.ever_passed) == (4, timedelta(minutes=15), 1, True)
    assert (found.begun, found.passed) == (START, START + timedelta(minutes=510))


def test_time_belongs_to_the_kata_that_was_judged_at_its_end(progress):
    told = [(0, "affine", "failed"), (5, "shapes", "failed"), (12, "affine", "passed"), (20, "affine", "failed")]
    shapes, affine = effort(progress, *told, (21, "shapes", "failed"))
    assert (shapes.kata, affine.kata) == ("shapes", "affine")  # in the order of the map
    assert (shapes.spent, affine.spent) == (timedelta(minutes=6), timedelta(minutes=7))
    assert not shapes.ever_passed and shapes.passed is None


def test_a_clock_that_was_set_back_a_bad_time_and_a_kata_that_is_gone_do_no_harm(progress):
    odd = [
        *attempts((10, "gone", "failed"), (3, "mse", "failed")),
        Attempt("yesterday", "mse", "numpy", "passed"),
    ]
    mse, gone = story.efforts(odd, progress, curriculum())
    assert (gone.kata, gone.spent, mse.attempts, mse.ever_passed, mse.passed) == ("gone", timedelta(0), 2, True, None)


def seen(minutes: float, cause: str, function: str = "f", tensor: str | None = "dx", place: int = 0) -> Seen:
    return Seen(at(minutes), "mse", "numpy", function, tensor, place, cause)


def test_a_cause_that_stays_over_several_saves_was_met_once():
    made = attempts(*((minute, "mse", "failed") for minute in range(5)))
    (found,) = story.causes(made, [seen(0, "transposed"), seen(1, "transposed"), seen(4, "transposed")])
    assert (found.cause, found.times) == ("transposed", 2)
    assert found.sentence


def test_causes_come_by_frequency_with_the_likeliest_of_each_finding_only():
    made = attempts(*((minute, "mse", "failed") for minute in range(4)))
    named = [
        seen(0, "ties"),
        seen(0, "transposed", place=1),
        seen(1, "lost-axis"),
        seen(2, "ties"),
        seen(3, "a-new-one"),
    ]
    found = story.causes(made, named)
    assert [(met.cause, met.times) for met in found] == [("ties", 2), ("a-new-one", 1), ("lost-axis", 1)]
    assert found[1].sentence == ""


def test_tensors_of_one_function_are_one_place():
    named = [seen(0, "ties", "g", "grads[W1]"), seen(0, "ties", "g", "grads[b1]"), seen(0, "ties", "f", None)]
    (found,) = story.causes(attempts((0, "mse", "failed")), named)
    assert [(place.function, place.tensors, place.times) for place in found.places] == [
        ("f", (), 1),
        ("g", ("grads[W1]", "grads[b1]"), 1),
    ]
    assert found.times == 2


@pytest.mark.parametrize(
    ("minutes", "says"), [(0, "< 1 min"), (0.4, "< 1 min"), (12, "12 min"), (65, "1 h 05 min"), (59.7, "1 h 00 min")]
)
def test_a_span_in_words(minutes, says):
    assert words.took(timedelta(minutes=minutes)) == says


@pytest.mark.parametrize(
    ("value", "says"),
    [(0.012345, "0.0123"), (1.5, "1.5"), (123456.0, "123,000"), (99.96, "100"), (float("nan"), "–"), (0.0, "0")],
)
def test_a_number_in_words(value, says):
    assert words.number(value) == says


# ---------------------------------------------------------------------- pictures and throughput


def test_pictures_come_in_the_order_of_the_map_and_say_whose_they_are(tmp_path):
    for name in ("network-torch-reference", "learning_slowdown-numpy", "zebra"):
        (tmp_path / f"{name}.png").write_bytes(DOT)
    (tmp_path / "broken-numpy.png").write_bytes(b"GIF89a")
    (tmp_path / "notes.txt").write_text("no picture")
    network, slowdown, broken, zebra = pictures(tmp_path, curriculum())
    assert network.alt == (
        "Picture of network: what the training came to: a network that reads handwritten digits"
        " · the reference, torch track"
    )
    assert slowdown.caption.endswith("your functions, numpy track") and "cross-entropy" in slowdown.caption
    assert (zebra.title, zebra.alt, zebra.width, zebra.height) == ("zebra", "Picture of zebra: zebra.png", 1, 1)
    assert (broken.source, broken.caption) == ("", "broken-numpy.png is no PNG picture")
    assert pictures(tmp_path / "nowhere", curriculum()) == []


def record(name: str, time: str, **more) -> dict:
    return {"datetime": time, "benchmarks": [{"name": name, "extra_info": {}, "stats": {"median": 0.5}} | more]}


def test_throughput_is_read_by_machine_and_in_the_order_of_time(tmp_path):
    folder = tmp_path / ".benchmarks" / "Linux-64"
    folder.mkdir(parents=True)
    rates = {"extra_info": {"samples_per_second": 250.0, "peak": 0.5}}
    files = [
        record("step", "2026-11-03", **rates),
        record("step", "2026-11-01", extra_info={"samples_per_second": 200}),
    ]
    files += [record("other", "2026-11-02"), record("zero", "2026-11-02", stats={"median": 0})]
    for number, content in enumerate(files):
        (folder / f"{number}.json").write_text(json.dumps(content))
    (folder / "half.json").write_text('{"benchmarks": [')
    found = throughput(tmp_path)
    other, step = found.machines["Linux-64"]
    assert (other.name, other.unit, other.values) == ("other", "runs", (2.0,))
    assert (step.unit, step.values, step.change) == ("samples", (200.0, 250.0), 1.25)
    assert step.points == "0.0,26.0 120.0,2.0"
    assert found.unreadable == ("3.json", "half.json")
    assert throughput(tmp_path / "nowhere").machines == {}


# ---------------------------------------------------------------------- the page


class Reader(HTMLParser):
    """What a page is made of: tags with their attributes, and whether every one that opens is closed."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def fill(root: Path) -> None:
    """A checkout in which much has happened, some of it odd."""
    kept, minutes = Progress(root / ".dojo" / "progress.sqlite"), [0.0]
    story_of = [
        ("shapes", "passed", "numpy", (), "f", (None,)),
        ("affine", "failed", "numpy", ("wrong-operand",), "affine_backward", ("dx",)),
        ("affine", "failed", "numpy", ("transposed",), "affine_backward", ("dW",)),
        ("affine", "passed", "numpy", (), "f", (None,)),
        ("affine", "timeout", "torch", (), "f", (None,)),
        ("backprop", "failed", "numpy", ("missing-mean",), "mlp_backward", tuple(f"grads[W{n}]" for n in range(9))),
        ("mse", "died", "numpy", ("missing-mean",), "mse", (None,)),
        ("softmax", "broken", "numpy", (HOSTILE,), HOSTILE, (HOSTILE,)),
        ("a_kata_with_a_very_long_name_that_has_left_the_map", "failed", "torch", ("x" * 90,), "y" * 90, ("z" * 90,)),
    ]
    with clock(minutes):
        for kata, status, track, causes, function, tensors in story_of:
            minutes[0] += 7
            kept.record(verdict(kata, status, track, causes, function, tensors), judged_hash(kata, track))
    (root / ".dojo" / "pictures").mkdir()
    for name in ("network-numpy", "learning_slowdown-torch-reference", "<b>odd</b>"[:7].replace("/", "")):
        (root / ".dojo" / "pictures" / f"{name}.png").write_bytes(DOT)
    for number in range(3):
        place = root / ".benchmarks" / "Linux-CPython-3.11-64bit" / f"{number}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(record("a_long_benchmark[network-numpy-1024-cpu]" * 2, f"2026-11-0{number + 1}")))


@pytest.fixture(scope="module")
def pages(once, new_checkout):
    """The page of an empty progress and the page of a full one, as (path, text) by name."""

    def make(folder):
        for name in ("empty", "full"):
            checkout = new_checkout(folder / name)
            if name == "full":
                fill(checkout.root)
            done = checkout.grader("report", "--out", str(folder / f"{name}.html"))
            assert (done.returncode, done.stderr) == (0, "")

    folder = once("reports", make)
    return {name: folder / f"{name}.html" for name in ("empty", "full")}


def test_the_command_says_where_the_page_is(checkout):
    done = checkout.grader("report")
    assert (done.returncode, done.stdout, done.stderr) == (0, "report: .dojo/report.html\n", "")
    assert (checkout.root / ".dojo" / "report.html").is_file()
    assert [path.name for path in (checkout.root / ".dojo").iterdir()] == ["report.html"]  # nothing was judged
    told = json.loads(checkout.grader("report", "--json", "--out", "mine.html").stdout)
    assert told["report"] == str(checkout.root / "mine.html")
    assert told["tracks"]["numpy"] == {"passed": 0, "of": len(curriculum().katas)}


def test_open_hands_the_page_to_the_browser(checkout):
    done = checkout.grader("report", "--open", BROWSER="echo shown %s")
    assert f"shown file://{checkout.root}/.dojo/report.html" in done.stdout
    done = checkout.grader("report", "--open", BROWSER="/nowhere/at/all %s", PATH="", DISPLAY="")
    assert (done.returncode, done.stderr) == (0, "No browser was found here: open that file in one.\n")


def test_an_empty_progress_gives_a_friendly_first_page(pages):
    page = Reader(pages["empty"].read_text(encoding="utf-8"))
    assert "Welcome. Nothing is judged yet" in page.text
    assert all(kata.title in page.text for kata in curriculum().katas)
    assert "There is no throughput history yet" in page.text
    assert "Attempts and time" not in page.text
    links = {attributes["href"] for tag, attributes in page.tags if tag == "a"}
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert links <= {f"#{name}" for name in ids}


def test_the_page_tells_the_whole_story(pages):
    page = Reader(pages["full"].read_text(encoding="utf-8"))
    for part in (
        "2 of",
        "✓ passed",
        "! too slow",
        "! ended the process",
        "✗ failed 1 of 2 written",
        "9 attempts, 56 min in all",
        "wrong-operand another array stands where one of the operands belongs once",
        "affine_backward , dx in affine",
        "missing-mean this is a sum where a mean belongs",
        "grads[W0], grads[W1]",
        "2 runs/s",
        "network · a training",
    ):
        assert part in page.text, part
    assert "There is no throughput history" not in page.text


def test_nothing_from_outside_becomes_part_of_the_page(pages):
    text = pages["full"].read_text(encoding="utf-8")
    page = Reader(text)
    assert {tag for tag, _ in page.tags} & {"script", "iframe", "object", "b"} == set()
    assert "alert(" in page.text and "\x1b" not in text
    for _, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes)
        for key in ("src", "href"):
            assert attributes.get(key, "#").startswith(("#", "data:"))
    assert not re.search(r"https?:|@import|url\(", text)


@pytest.mark.parametrize("name", ["empty", "full"])
def test_headings_tables_and_pictures_are_fit_for_a_screen_reader(pages, name):
    page = Reader(pages[name].read_text(encoding="utf-8"))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert {"header", "nav", "main", "footer"} <= set(tags)


def test_a_verdict_that_no_longer_holds_is_marked(checkout):
    checkout.solve("mse")
    assert checkout.verdict("mse")["status"] == "passed"
    page = checkout.root / ".dojo" / "report.html"
    checkout.grader("report")
    assert "changed since" not in page.read_text(encoding="utf-8")
    checkout.kata("mse").write_text("x = 1\n", encoding="utf-8")
    checkout.grader("report")
    assert page.read_text(encoding="utf-8").count("changed since") == 1


@pytest.mark.parametrize("says", ["is not a database", "is damaged"])
def test_a_progress_that_cannot_be_read_is_named_and_kept(checkout, says):
    path = checkout.root / ".dojo" / "progress.sqlite"
    Progress(path).record(verdict("mse"), "abc")
    if says == "is damaged":
        os.truncate(path, 60)
    else:
        path.write_bytes(b"kata,passed\n")
    content = path.read_bytes()
    done = checkout.grader("report")
    assert done.returncode == 0
    assert f"{path} {says}. It now stands at {path}.set-aside-" in done.stderr
    assert "progress begins afresh" in done.stderr
    assert "Welcome." in (checkout.root / ".dojo" / "report.html").read_text(encoding="utf-8")
    (kept,) = path.parent.glob("progress.sqlite.set-aside-*")
    assert kept.read_bytes() == content


def graders(progress) -> list[Grader]:
    return [Grader(curriculum(), track, progress, Worker()) for track in ("numpy", "torch")]


def test_a_full_disk_is_told_and_leaves_the_old_page(progress, tmp_path, monkeypatch):
    page = tmp_path / "report.html"
    page.write_text("the old one")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(DojoError, match="report.html cannot be written: No space left on device") as raised:
        report.write(graders(progress), page)
    assert "Make room or choose another place" in raised.value.next_step
    assert page.read_text() == "the old one"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("out", "says"),
    [(".", "is a folder; the report needs the name of a file"), ("file/in/it.html", "cannot be written")],
)
def test_a_place_that_cannot_be_is_told(progress, tmp_path, out, says):
    (tmp_path / "file").write_text("")
    with pytest.raises(DojoError, match=says):
        report.write(graders(progress), tmp_path / out)


# ---------------------------------------------------------------------- in a browser

VIEWS = [(page, width, dark) for page in ("empty", "full") for width in (360, 1440) for dark in (False, True)]
NAMES = [f"{page}-{width}-{'dark' if dark else 'light'}" for page, width, dark in VIEWS]
SHOTS = os.environ.get("DOJO_SHOTS")  # a folder that gets a picture of every view


@pytest.fixture(scope="module")
def browser():
    if chrome.chromium() is None:
        pytest.skip("there is no Chromium here (on Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, chrome.browser(Path(profile)) as opened:
        yield opened


@pytest.fixture(scope="module")
def axe():
    cache = platformdirs.user_cache_path("neural-dojo-tests")
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "axe.lock"):
        source = chrome.axe(cache)
    if source is None:
        pytest.skip("axe-core is not here, and npm cannot fetch it")
    return source


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width", "dark"), VIEWS, ids=NAMES)
def test_the_page_fits_loads_nothing_and_says_nothing_to_the_console(pages, browser, name, width, dark):
    page = browser.page(pages[name].as_uri(), width, dark=dark)
    if SHOTS:
        page.shot(Path(SHOTS) / f"{name}-{width}-{'dark' if dark else 'light'}.png")
    root = "document.documentElement"
    assert page.run(f"{root}.clientWidth") >= width - 20
    assert page.run(f"{root}.scrollWidth - {root}.clientWidth") == 0
    assert page.run("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 27)" if dark else "rgb(246, 247, 249)"
    )
    assert page.complaints() == []
    assert set(page.requests()) == {pages[name].as_uri()}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "width", "dark"), VIEWS, ids=NAMES)
def test_axe_finds_nothing(pages, browser, axe, name, width, dark):
    page = browser.page(pages[name].as_uri(), width, dark=dark)
    page.run(f"{axe}; 0")
    tags = '{runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}'
    found = page.run(
        f"axe.run(document, {tags}).then(found => JSON.stringify({{"
        "bad: found.violations.map(one => [one.id, one.nodes.map(node => node.html)]),"
        "good: found.passes.map(one => one.id)}))"
    )
    told = json.loads(found)
    assert told["bad"] == []
    assert {"color-contrast", "landmark-one-main", "region", "heading-order"} <= set(told["good"])


def test_the_page_can_be_walked_with_the_keyboard(pages, browser):
    page = browser.page(pages["full"].as_uri(), 1440)
    here = "document.activeElement"
    page.press("Tab", 9)
    assert page.run(f"{here}.textContent") == "To the content"
    assert page.run(f"{here}.getBoundingClientRect().left") >= 0  # it shows once it is reached
    reached = []
    for _ in range(400):
        page.press("Tab", 9)
        if page.run(f"{here} === document.body"):
            break
        reached.append(page.run(f"[{here}.tagName, getComputedStyle({here}).outlineStyle].join(' ')"))
    assert set(reached) == {"A solid", "DIV solid"}
    assert len(reached) == page.run("document.querySelectorAll('a, [tabindex]').length") - 1


def test_the_page_prints(pages, browser):
    page = browser.page(pages["full"].as_uri(), 1440, dark=True, media="print")
    assert page.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.pdf().startswith(b"%PDF")
