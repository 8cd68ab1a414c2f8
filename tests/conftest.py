"""Float64 and a seeded generator: tolerances are about the maths."""

import json
import warnings

import matplotlib as mpl
import press
import pytest
import torch
from filelock import FileLock
from nbval.plugin import IPyNbCell

mpl.use("Agg")

MISSING = (
    "NO CHROMIUM FOUND: nothing is tested in a browser. Install playwright "
    "and chromium, chromium-browser or google-chrome."
)
FIRST = ("test_browser",)  # the longest file; then the notebooks, and then
SOON = ("test_reader", "test_sheet", "test_site")  # these: none ends alone


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Skip what should not run here, begin with what is long."""
    skip = {}
    if not torch.cuda.is_available():
        skip["gpu"] = pytest.mark.skip(reason="no CUDA device")
    if "bench" not in config.getoption("markexpr"):
        skip["bench"] = pytest.mark.skip(reason="run by make bench")
    for item in items:
        for name, mark in skip.items():
            if item.get_closest_marker(name):
                item.add_marker(mark)
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Return when a file has its turn, on as many cores as there are."""
    ranks = (item.path.stem in FIRST, isinstance(item, IPyNbCell))
    return [*ranks, item.path.stem in SOON, True].index(True)


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="session")
def published(tmp_path_factory, request):
    """The book, built once for all tests, in whichever process they run."""
    place = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        place = place.parent
    tree, said = place / "published", place / "published.json"
    with FileLock(place / "published.lock"):
        if not said.exists():
            tree.mkdir()
            site = press.publish(tree)
            said.write_text(json.dumps([site.status, site.log]), "utf-8")
    return press.built(tree, *json.loads(said.read_text("utf-8")))


@pytest.fixture(scope="session")
def browser():
    """Chromium, or a skipped test and a loud line in the summary."""
    try:
        from browser import chromium, executable
    except ModuleNotFoundError:
        found = None
    else:
        found = executable()
    if found is None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(MISSING, pytest.PytestWarning, stacklevel=1)
        pytest.skip(MISSING)
    with chromium() as browser:
        yield browser


@pytest.fixture
def tab(browser):
    """An empty page that may use the clipboard."""
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()
