"""Plans on Dask are the plans of one machine."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import dask
import dask.dataframe as dd
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from tests.scale.accounts import account, batch, options
from zecnb import scale
from zecnb.connections import demo
from zecnb.errors import UsageError
from zecnb.inventory import Inventory
from zecnb.schema import PLAN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from zecnb.planner.plan import Plan
    from zecnb.scale.result import ScalePlan


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tests run in the calling thread unless they start a cluster."""
    with dask.config.set(scheduler="sync"):
        yield


def same(many: ScalePlan, one: Plan) -> None:
    """Compare every frame, row by row."""
    frame, findings, calls, summary = many.compute()
    pd.testing.assert_frame_equal(frame, one.frame)
    pd.testing.assert_frame_equal(findings, one.findings)
    pd.testing.assert_frame_equal(calls, one.calls)
    by_subnet = [each.sort_values("subnet_id", ignore_index=True) for each in (summary, one.summary)]
    pd.testing.assert_frame_equal(*by_subnet)


def split(frames: dict[str, Any], parts: int) -> dict[str, Any]:
    """Return an inventory whose large frames are Dask's."""
    large = {name: dd.from_pandas(frames[name], npartitions=parts, sort=False) for name in ("nics", "holders")}
    return frames | large


@pytest.mark.parametrize("seed", range(12))
def test_every_frame_is_that_of_one_machine(seed: int) -> None:
    """Rows, findings, calls and summary are equal, whatever the account, the batch and the number of partitions."""
    frames, chosen = account(seed), options(seed)
    requests = batch(frames, seed)
    many = scale.plan(requests, split(frames, 1 + seed % 4), partitions=(1, 2, 5, 16)[seed % 4], **chosen)
    same(many, Inventory.from_frames(**frames).plan(requests, **chosen))


def in_files(frame: pd.DataFrame, folder: Path) -> None:
    """Write a frame as three Parquet files."""
    folder.mkdir()
    for number in range(3):
        part = slice(number * len(frame) // 3, (number + 1) * len(frame) // 3)
        frame.iloc[part].to_parquet(folder / f"{number}.parquet")


def test_a_folder_of_many_files_is_planned_and_written_by_two_processes(tmp_path: Path) -> None:
    """A cluster reads Parquet in any number of files, and writes the four frames as one machine has them."""
    frames = account(6)
    requests = batch(frames, 6, 400)
    requests["ip_address_count"] = requests["ip_address_count"].astype("str").replace("nan", None)
    folder = Inventory.from_frames(**frames).save(tmp_path / "inventory")
    for name in ("holders", "nics"):
        whole = folder / f"{name}.parquet"
        frame = pd.read_parquet(whole)
        whole.unlink()
        in_files(frame, whole)
    in_files(requests, tmp_path / "requests")
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
        ) as cluster,
        Client(cluster) as client,
    ):
        many = scale.plan(tmp_path / "requests", folder, client=client, partitions=4)
        written = many.to_parquet(tmp_path / "plan")
    one = Inventory.from_frames(**frames).plan(requests)
    for name, by in (("frame", "row"), ("findings", "row"), ("calls", "call"), ("summary", "subnet_id")):
        there, expected = pd.read_parquet(written / name), getattr(one, name)
        for column in {"codes", "addresses"} & set(there):
            there[column] = there[column].map(tuple)
        there, expected = (frame.sort_values(by, kind="stable", ignore_index=True) for frame in (there, expected))
        pd.testing.assert_frame_equal(there, expected)


def test_a_plan_is_asked_by_one_task() -> None:
    """A plan changes when it is asked: while one worker asks it, none may be sending it to another."""
    frames = account(3)
    many = scale.plan(batch(frames, 3), split(frames, 2), partitions=3)
    graph: dict[Any, Any] = {}
    for frame in (many.frame, many.findings, many.calls, many.summary):
        graph |= frame.__dask_graph__()
    asking = Counter(str(needed) for task in graph.values() for needed in getattr(task, "dependencies", ()))
    assert [times for needed, times in asking.items() if needed.startswith("plan_part")] == [1, 1, 1]


def test_a_part_is_an_ordinary_plan(tmp_path: Path) -> None:
    """A partition can be saved and read as a plan file, and knows its subnets as one machine does."""
    frames = account(3)
    requests = batch(frames, 3)
    one = Inventory.from_frames(**frames).plan(requests)
    many = scale.plan(requests, split(frames, 2), partitions=3)
    parts = [many.part(number) for number in range(many.npartitions)]
    assert sorted(row for part in parts for row in part.frame["row"]) == sorted(one.frame["row"])
    assert {key: value for part in parts for key, value in part.fingerprints.items()} == one.fingerprints
    fullest = max(parts, key=lambda part: len(part.frame))
    assert type(fullest).load(fullest.save(tmp_path / "part.json")).digest == fullest.digest


@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")  # Dask's, reading Parquet
def test_the_parts_of_a_plan_are_applied_one_after_the_other(tmp_path: Path) -> None:
    """What a saved account was planned for at scale is assigned, part by part, to the vNICs that asked."""
    with demo(progress=False) as zec:
        inventory = zec.inventory()
        nics, known = inventory.nics, inventory.subnets["subnet_id"][inventory.unseen == 0]
        ready = nics["status"].isin(("AVAILABLE", "USED")) & (nics["nic_subnet_type"] == "IPv4")
        one_each = nics[ready & nics["subnet_id"].isin(known)].drop_duplicates("subnet_id")
        requests = pd.DataFrame({"nic_id": one_each["nic_id"], "ip_address_count": 1})
        plan = scale.plan(requests, inventory.save(tmp_path / "inventory"), partitions=3)
        receipts = [zec.apply(plan.part(number)) for number in range(3)]
        assert all(receipt.ok for receipt in receipts)
        taken = zec.inventory().diff(inventory)
        assert len(taken[taken["what"] == "address"]) == len(requests) > 10


def test_verdicts_are_counted() -> None:
    """The counts are those of one machine, and say whether anything is blocked."""
    frames = account(4)
    requests = batch(frames, 4)
    many = scale.plan(requests, split(frames, 2), partitions=3)
    assert many.verdicts == Inventory.from_frames(**frames).plan(requests).verdicts
    assert not many.ok


def test_lists_of_addresses_stay_lists() -> None:
    """A pandas batch may have lists in its cells and vNIC ids as whole numbers."""
    frames = account(5)
    frames["nics"].loc[0, "nic_id"] = "1700000000000000001"
    requests = pd.DataFrame({"nicId": [1700000000000000001] * 2, "ipAddresses": [["10.0.0.7", "10.0.0.8"], ["x y"]]})
    same(scale.plan(requests, split(frames, 2)), Inventory.from_frames(**frames).plan(requests))


def test_nothing_asked_is_an_empty_plan() -> None:
    """No requests give no rows, with the columns of a plan."""
    frames = account(7)
    many = scale.plan(batch(frames, 7).iloc[:0], split(frames, 1))
    assert [len(frame) for frame in many.compute()] == [0, 0, 0, 0]
    assert list(many.frame.columns[: len(PLAN)]) == list(PLAN)


def test_it_says_what_it_is_without_planning() -> None:
    """The repr has the sizes."""
    frames = account(8)
    many = scale.plan(batch(frames, 8, 5), split(frames, 1), partitions=1)
    held = len(frames["holders"])
    assert repr(many) == f"ScalePlan(5 requests, {held} held addresses, 1 partition; planned when asked for)"


def refused(message: str, requests: object, inventory: object, **given: Any) -> None:
    """Expect an error that says so."""
    with pytest.raises(UsageError, match=message):
        scale.plan(requests, inventory, **given)


def test_what_cannot_mean_anything_is_refused() -> None:
    """Wrong arguments are named before anything is read."""
    frames = account(9)
    requests, inventory = batch(frames, 9, 5), split(frames, 1)
    refused("inventory is the folder .* not list", requests, [])
    refused(
        "holders missing; there are subnets, nics", requests, {name: inventory[name] for name in ("subnets", "nics")}
    )
    refused("requests are a Dask or pandas DataFrame", [1], inventory)
    refused("requests need a column nic_id", requests.drop(columns="nic_id"), inventory)
    refused(
        "holders: column kind missing", requests, inventory | {"holders": inventory["holders"].drop(columns="kind")}
    )
    refused("nics: column status missing", requests, inventory | {"nics": frames["nics"].drop(columns="status")})
    refused("exclude, entry 0", requests, inventory, exclude="10.0.0.300")
    refused("no option 'polcy'", requests, inventory, polcy="near")
    refused("partitions is a whole number", requests, inventory, partitions=0)
    refused("client is one of Dask's", requests, inventory, client="tcp://127.0.0.1:8786")
    refused("observed_at is a datetime, not '2026-01-01'", requests, inventory | {"observed_at": "2026-01-01"})
    refused("sources is a DataFrame with the columns", requests, inventory | {"sources": 5})
    refused("memory is a DataFrame with the columns", requests, inventory, memory=["10.0.0.1"])
    refused("claims are a DataFrame", requests, inventory, claims=["10.0.0.1"])


def test_wrong_data_is_refused_when_it_is_counted() -> None:
    """Holders and vNICs that mean nothing, and ranges beyond measure, end the call."""
    frames = account(10)
    requests = batch(frames, 10, 5)
    wrong = frames["holders"].assign(address="10.0.0.999")
    refused("'10.0.0.999' is not an IPv4 address", requests, split(frames | {"holders": wrong}, 2))
    twice = pd.concat([frames["nics"], frames["nics"].iloc[:1]], ignore_index=True)
    refused("nics, row 40: id .* appears twice", requests, split(frames | {"nics": twice}, 2))
    wide = pd.DataFrame({"nic_id": "n", "ip_addresses": [f"10.{at}.0.0/16" for at in range(16)] + ["10.99.0.0-1"]})
    for npartitions in (1, 3):
        asked = dd.from_pandas(wide, npartitions=npartitions)
        refused("more than 1,048,576 addresses together", asked, split(frames, 1))


def test_a_folder_that_is_no_inventory_is_refused(tmp_path: Path) -> None:
    """The missing or broken file is named."""
    frames = account(6)
    requests = batch(frames, 6, 5)
    refused("inventory.json is missing", requests, tmp_path)
    folder = Inventory.from_frames(**frames).save(tmp_path / "inventory")
    (folder / "holders.parquet").write_text("no Parquet")
    refused("holders.parquet cannot be read as Parquet", requests, folder)
    (folder / "holders.parquet").unlink()
    refused("holders.parquet is missing", requests, folder)
    (folder / "sources.parquet").unlink()
    refused("sources.parquet is missing", requests, folder)
    (folder / "inventory.json").write_text('{"version": 1e999, "observed_at": "2026-01-01"}')
    refused("no saved inventory that can be read", requests, folder)
    (folder / "inventory.json").write_text('{"version": 2, "observed_at": "2026-01-01"}')
    refused("saved by a newer zecnb", requests, folder)
    refused("batch is missing", tmp_path / "batch", split(frames, 1))
    (tmp_path / "nothing").mkdir()
    refused("nothing cannot be read as Parquet: No files", tmp_path / "nothing", split(frames, 1))


def test_a_plan_is_never_written_over_something(tmp_path: Path) -> None:
    """A folder that is there is left alone, and so is a part that is not."""
    frames = account(6)
    many = scale.plan(batch(frames, 6, 5), split(frames, 1), partitions=2)
    with pytest.raises(UsageError, match="is there already"):
        many.to_parquet(tmp_path)
    for number in (2, -1, "0"):
        with pytest.raises(UsageError, match="parts 0 to 1, not"):
            many.part(number)  # type: ignore[arg-type]


def test_without_dask_it_says_what_to_install() -> None:
    """The extra is named."""
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "from zecnb import scale\n"
        "try: scale.plan([], {})\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "UsageError planning at scale needs Dask: pip install 'zecnb[scale]'"
