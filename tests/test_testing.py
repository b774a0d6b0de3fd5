"""The pytest plugin, as the tests of another project see it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import zecnb

pytest_plugins = ["pytester"]

ROOT = Path(zecnb.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def everything_is_loaded() -> None:
    """What a session imports is loaded before: numpy can be loaded once per process, and each project runs in ours."""
    with zecnb.demo("random:1:2", progress=False) as zec:
        receipt = zec.apply(zec.plan(zec.inventory().nics.nic_id[0], ip_address_count=1))
        assert zec.undo(receipt).ok


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """Another project, with the plugin and strict about markers."""
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:cacheprovider\nfilterwarnings = error\n")
    return pytester


def _passes(project: pytest.Pytester, source: str, **outcomes: int) -> pytest.RunResult:
    project.makepyfile(source)
    result = project.runpytest_inprocess()
    result.assert_outcomes(**(outcomes or {"passed": 1}))
    return result


def test_session_on_the_demo_account(project: pytest.Pytester) -> None:
    """Without a marker a test has the demo account, and a session that assigns and undoes."""
    _passes(
        project,
        """
        def test_it(zec_session):
            plan = zec_session.plan("1680855999352675875", ip_address_count=2)
            receipt = zec_session.apply(plan)
            assert receipt.ok
            assert zec_session.undo(receipt).ok
        """,
    )


def test_account_and_assumptions_of_a_marker(project: pytest.Pytester) -> None:
    """A marker chooses the account and the emulator's assumptions."""
    _passes(
        project,
        """
        import pytest

        @pytest.mark.zec(seed="random:1:7", nic_limit=3)
        def test_it(zec_emulator, zec_session):
            assert zec_emulator.state.settings.nic_limit == 3
            assert len(zec_session.inventory().nics) == 7
        """,
    )


def test_each_test_has_its_own_account(project: pytest.Pytester) -> None:
    """What one test does, the next does not see."""
    _passes(
        project,
        """
        import pytest

        @pytest.mark.zec(seed="random:1:2")
        @pytest.mark.parametrize("time", [1, 2])
        def test_it(zec_session, time):
            inventory = zec_session.inventory()
            nic = inventory.nics.nic_id[0]
            assert inventory.nics.secondary_ipv4_count.sum() == 0
            assert zec_session.apply(zec_session.plan(nic, ip_address_count=1)).ok
        """,
        passed=2,
    )


def test_waits_are_only_pretended(project: pytest.Pytester) -> None:
    """Throttling for a minute, an answer that never comes and failing reads take no time, and are overcome."""
    _passes(
        project,
        """
        import time

        def test_it(zec_session, zec_emulator):
            faults = zec_emulator.faults
            faults.add("error", "DescribeSubnets", times=3, code="SERVICE_TEMPORARY_UNAVAILABLE")
            faults.add("throttle", "BatchAssignNetworkInterfaceIpv4", seconds=60.0)
            faults.add("timeout_after", "BatchAssignNetworkInterfaceIpv4", nth=2, seconds=60.0)
            plan = zec_session.plan("1680855999352675875", ip_address_count=1)
            began = time.monotonic()
            assert zec_session.apply(plan).ok
            assert time.monotonic() - began < 60  # either wait alone would be that
        """,
    )


def test_session_and_emulator_share_the_pretended_time(project: pytest.Pytester) -> None:
    """What the session waits passes for its ZEC too: rates recover, and effects that lag are seen."""
    _passes(
        project,
        """
        import pytest

        @pytest.mark.zec(rate_per_second=1)
        def test_rate(zec_session):
            assert len(zec_session.inventory().nics)

        def test_lag(zec_session, zec_emulator):
            zec_emulator.faults.add("lag", "BatchAssignNetworkInterfaceIpv4", seconds=3)
            assert zec_session.apply(zec_session.plan("1680855999352675875", ip_address_count=1)).ok

        def test_long_waits(zec_session, zec_emulator):
            zec_emulator.faults.add("throttle", "BatchAssignNetworkInterfaceIpv4", seconds=3600)
            assert zec_session.apply(zec_session.plan("1680855999352675875", ip_address_count=1)).ok
        """,
        passed=3,
    )


def test_waits_can_be_real(project: pytest.Pytester) -> None:
    """A test of waiting itself waits."""
    _passes(
        project,
        """
        import time
        import pytest

        @pytest.mark.zec(seed="random:1:2", zero_sleep=False)
        def test_it(zec_session, zec_emulator):
            zec_emulator.faults.add("latency", "DescribeSubnets", seconds=0.3)
            began = time.monotonic()
            zec_session.inventory()
            assert time.monotonic() - began >= 0.3
        """,
    )


def test_closest_marker_wins(project: pytest.Pytester) -> None:
    """A test keeps what its class says, but for what it says itself."""
    _passes(
        project,
        """
        import pytest

        @pytest.mark.zec(seed="random:1:7", nic_limit=3)
        class TestIt:
            @pytest.mark.zec(nic_limit=5)
            def test_it(self, zec_emulator):
                assert zec_emulator.state.settings.nic_limit == 5
                assert zec_emulator.state.row("SELECT COUNT(*) AS n FROM nic")["n"] == 7
        """,
    )


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("nic_limt=3", "the marker zec has no nic_limt; it takes seed, zero_sleep and * nic_limit, *"),
        ("count_pick='best'", "the marker zec: count_pick is one of *"),
    ],
)
def test_marker_that_names_nothing(project: pytest.Pytester, wrong: str, words: str) -> None:
    """A setting that does not exist, or a value that none has, is refused, and what there is is listed."""
    source = f"""
        import pytest

        @pytest.mark.zec({wrong})
        def test_it(zec_emulator):
            pass
        """
    _passes(project, source, errors=1).stdout.fnmatch_lines([f"*UsageError: {words}"])


def test_marker_that_says_nothing(project: pytest.Pytester) -> None:
    """A marker with a bare value is refused, and the right form is shown."""
    result = _passes(
        project,
        """
        import pytest

        @pytest.mark.zec("demo")
        def test_it(zec_emulator):
            pass
        """,
        errors=1,
    )
    result.stdout.fnmatch_lines(["*UsageError: the marker is zec(seed='demo', zero_sleep=True, [*][*]settings)*"])


def test_marker_is_explained(project: pytest.Pytester) -> None:
    """``pytest --markers`` tells what it is."""
    project.runpytest_inprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.zec(seed='demo'*"])


def test_it_registers_itself() -> None:
    """Installing the package is all it takes."""
    content = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert content["project"]["entry-points"]["pytest11"] == {"zecnb": "zecnb.testing"}


def test_loading_it_costs_nothing() -> None:
    """A project that has zecnb installed and does not use the plugin does not pay for it."""
    script = (
        "import pytest, sys; before = set(sys.modules); import zecnb.testing; new = set(sys.modules) - before;"
        "print(sorted(n for n in new if n.split('.')[0] not in sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['zecnb', 'zecnb.testing']"
