"""VNICs that a Terraform state manages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.planner.accounts import WEB1, WEB2, account
from zecnb.capacity.terraform import RESOURCE, managed_nics
from zecnb.errors import UsageError
from zecnb.schema import MANAGED

if TYPE_CHECKING:
    from pathlib import Path


def state(*instances: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a state of format 4 with one resource, beside another one and a data source."""
    resource = {"mode": "managed", "type": RESOURCE, "name": "web", "instances": list(instances), **more}
    others = [
        {
            "mode": "managed",
            "type": "zenlayercloud_zec_vnic",
            "name": "web",
            "instances": [{"attributes": {"id": WEB1}}],
        },
        {"mode": "data", "type": RESOURCE, "name": "x", "instances": []},
    ]
    return {"version": 4, "terraform_version": "1.9.0", "resources": [*others, resource]}


def instance(nic: str, *recorded: str, **more: Any) -> dict[str, Any]:
    """Return one instance of the resource."""
    attributes = {
        "id": nic,
        "vnic_id": nic,
        "secondary_private_ip_addresses": list(recorded),
        "secondary_private_ip_count": len(recorded),
    }
    return {"attributes": attributes, **more}


def test_destroy_releases_everything() -> None:
    """The warning counts what destroying would release, and what of it the state does not know."""
    row = managed_nics(account(), state(instance(WEB1, "10.0.4.11"))).iloc[0]
    assert (row["recorded"], row["held"], row["foreign"], row["gone"]) == (1, 2, 1, 0)
    assert row["warning"].startswith("destroy releases all 2 secondary addresses, 1 of which the state does not know")
    assert row["nic_name"] == "web-01"


def test_state_that_agrees() -> None:
    """Without foreign addresses there is still the destroy to know of."""
    row = managed_nics(account(), state(instance(WEB1, "10.0.4.11", "10.0.4.12"))).iloc[0]
    assert row["warning"] == "destroy releases all 2 secondary addresses"


def test_recorded_address_that_became_the_primary() -> None:
    """What the state knows and is the vNIC's primary by now is gone, and nothing is counted twice."""
    row = managed_nics(account(), state(instance(WEB1, "10.0.4.10", "10.0.4.11", "10.0.4.12"))).iloc[0]
    assert (row["recorded"], row["held"], row["foreign"], row["gone"]) == (3, 2, 0, 1)
    assert "-1" not in row["warning"]


def test_one_nic_by_its_id() -> None:
    """Which vNICs may be one id as text."""
    given = state(instance(WEB1, "10.0.4.11"), instance(WEB2, "10.0.4.21"))
    assert managed_nics(account(), given, WEB2)["nic_id"].tolist() == [WEB2]


def test_modules_in_modules() -> None:
    """However deep modules are nested, what is in them is found."""
    module: dict[str, Any] = {
        "resources": [{"mode": "managed", "type": RESOURCE, "address": "deep", "values": {"vnic_id": WEB1}}]
    }
    for _ in range(3000):
        module = {"child_modules": [module]}
    found = managed_nics(account(), {"format_version": "1.0", "values": {"root_module": module}})
    assert found["resource"].tolist() == ["deep"]


@pytest.mark.parametrize(
    "given",
    [{"format_version": "1.0", "values": ["x"]}, state(instance(WEB1), module=5), {"prior_state": 5, "values": 1}],
)
def test_damaged_states_are_said(given: dict[str, Any]) -> None:
    """What stands where something else belongs is said in words."""
    with pytest.raises(UsageError, match="Terraform state is damaged: "):
        managed_nics(account(), given)


def test_recorded_addresses_that_are_gone() -> None:
    """What the state knows and nobody holds would be assigned again."""
    row = managed_nics(account(), state(instance(WEB2, "10.0.4.21", "10.0.4.99"))).iloc[0]
    assert (row["foreign"], row["gone"]) == (0, 1)
    assert "1 recorded address is gone" in row["warning"]


def test_nic_that_is_gone() -> None:
    """A vNIC that is not there any more breaks the provider."""
    row = managed_nics(account(), state(instance("nic-x", "10.0.4.11"))).iloc[0]
    assert (row["held"], row["recorded"]) == (0, 1)
    assert "not here any more" in row["warning"]


def test_nic_without_secondaries() -> None:
    """A vNIC without secondary addresses is dropped from the state."""
    assert "drops the resource" in managed_nics(account(), state(instance("nic-db"))).iloc[0]["warning"]


def test_one_secondary() -> None:
    """Of a single address it says so."""
    row = managed_nics(account(), state(instance(WEB2, "10.0.4.21"))).iloc[0]
    assert row["warning"] == "destroy releases its only secondary address"


def test_two_resources_of_one_nic() -> None:
    """Two resources for one vNIC each take all its addresses: each warning names the other."""
    content = state(instance(WEB1, "10.0.4.11", index_key=0), instance(WEB1, "10.0.4.12", index_key=1))
    warnings = managed_nics(account(), content)["warning"]
    assert warnings[0].endswith(f"; {RESOURCE}.web[1] claims this vNIC too, and each takes all its addresses")
    assert f"{RESOURCE}.web[0] claims" in warnings[1]


def test_deposed_instance_is_named_so() -> None:
    """An instance that the next apply destroys is told from the one that replaces it."""
    content = state(instance(WEB1, "10.0.4.11", "10.0.4.12", deposed="1a2b"))
    assert managed_nics(account(), content)["resource"].tolist() == [f"{RESOURCE}.web (deposed 1a2b)"]


def test_attributes_without_a_value() -> None:
    """Sensitive values are passed over, and a list that is not known yet is an empty one."""
    unknown: dict[str, Any] = {"id": WEB1, "vnic_id": WEB1, "secondary_private_ip_addresses": None}
    row = managed_nics(account(), state({"attributes": unknown, "sensitive_attributes": [[{"value": "x"}]]})).iloc[0]
    assert (row["recorded"], row["held"], row["foreign"]) == (0, 2, 2)


def test_addresses_of_modules_and_instances() -> None:
    """The resource is named as Terraform names it."""
    content = state(instance(WEB1, index_key=0), instance(WEB2, index_key="b"), module="module.app")
    assert managed_nics(account(), content)["resource"].tolist() == [
        f"module.app.{RESOURCE}.web[0]",
        f'module.app.{RESOURCE}.web["b"]',
    ]


def test_only_the_nics_of_a_plan() -> None:
    """The list can be narrowed to those a plan touches."""
    content = state(instance(WEB1), instance(WEB2))
    plan = account().plan(WEB2, ip_address_count=1)
    assert managed_nics(account(), content, plan.frame["nic_id"])["nic_id"].tolist() == [WEB2]


def test_nothing_managed() -> None:
    """A state without the resource warns of nothing, with all columns."""
    frame = managed_nics(account(), {"version": 4, "resources": []})
    assert list(frame.columns) == list(MANAGED)
    assert len(frame) == 0


def test_output_of_show(tmp_path: Path) -> None:
    """What ``terraform show -json`` prints is read too, nested modules included."""
    resource = {
        "address": f"module.a.{RESOURCE}.w",
        "mode": "managed",
        "type": RESOURCE,
        "values": instance(WEB1)["attributes"],
    }
    shown = {"format_version": "1.0", "values": {"root_module": {"child_modules": [{"resources": [resource]}]}}}
    path = tmp_path / "state.json"
    path.write_text(json.dumps(shown))
    assert managed_nics(account(), path)["resource"].tolist() == [f"module.a.{RESOURCE}.w"]


def test_output_of_show_of_a_plan() -> None:
    """Of a plan the state counts that it was made from; a state without resources manages nothing."""
    resource = {"address": f"{RESOURCE}.w", "mode": "managed", "type": RESOURCE, "values": instance(WEB1)["attributes"]}
    shown = {"format_version": "1.0", "values": {"root_module": {"resources": [resource]}}}
    plan = {"format_version": "1.2", "planned_values": {"root_module": {}}, "prior_state": shown}
    assert managed_nics(account(), plan)["nic_id"].tolist() == [WEB1]
    assert len(managed_nics(account(), {"format_version": "1.0"})) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"version": 3, "modules": []}, "a Terraform state of version 4, or .* is wanted; not version 3"),
        ({"version": "4", "resources": []}, "not version '4'"),
        ({"encrypted_data": "x", "encryption_version": "v0"}, "is encrypted; give the output of tofu show -json"),
        ({"version": 4, "resources": None}, "damaged: resources is no list"),
        (state({"attributes": None}), f"damaged: {RESOURCE}.web has no attributes"),
        (state({"attributes_flat": {"id": WEB1}}), f"damaged: {RESOURCE}.web has no attributes"),
        (state({"attributes": {"id": None}}), f"{RESOURCE}.web has no vNIC id"),
        (state({"attributes": {"id": WEB1, "secondary_private_ip_addresses": [1]}}), "addresses that are no text"),
        (state({"attributes": {"id": WEB1, "secondary_private_ip_addresses": {}}}) | {"version": 5}, "not version 5"),
        (None, "the path of a file or its content, not NoneType"),
        ([], "the path of a file or its content, not list"),
    ],
)
def test_content_that_is_no_state(content: Any, words: str) -> None:
    """What is wrong is named with its resource, never as an error of Python."""
    with pytest.raises(UsageError, match=words):
        managed_nics(account(), content)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"version": 3, "modules": []}',
        '{"version": 4, "resources": [7]}',
        '{"version": 4, "resources": [{"mode": "managed", "type": "' + RESOURCE + '"}]}',
    ],
)
def test_files_that_are_no_state(tmp_path: Path, text: str) -> None:
    """What is no state, or a damaged one, is refused in words."""
    path = tmp_path / "terraform.tfstate"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"Terraform state|terraform\.tfstate"):
        managed_nics(account(), path)
