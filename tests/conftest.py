"""What every test starts from: no credentials in the environment, user folders that are thrown away."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from hypothesis import settings

settings.register_profile("zecnb", deadline=None)  # a busy machine makes no test fail
settings.load_profile("zecnb")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the machine's user reaches a test, and nothing of a test the user."""
    for name in list(os.environ):
        if name.startswith(("ZENLAYER", "ZECNB_STORE", "ZECNB_REQUIRE")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))


@pytest.fixture(autouse=True)
def clean_panels() -> None:
    """No panel remembers what another test typed."""
    if "zecnb.panel" in sys.modules:
        sys.modules["zecnb.panel"]._TYPED.clear()


@pytest.fixture(autouse=True)
def no_threads_left(request: pytest.FixtureRequest):
    """A test that starts threads ends them, but for those all columns share; what ends on its own gets a moment."""
    before = set(threading.enumerate())
    yield
    if request.node.get_closest_marker("browser"):
        return  # the driver's own threads live as long as the browser
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon and not thread.name.startswith("zecnb-columns"):
            thread.join(5)
            assert not thread.is_alive(), f"{thread.name} is still running"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """In the gate a skipped test is a failure: say so where one looks."""
    if os.environ.get("CI") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("skipped tests are failures here", red=True)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the gate on any skip."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        session.exitstatus = 1
