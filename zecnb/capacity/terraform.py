"""VNICs whose addresses a Terraform state manages, and what its resource would do to them.

``zenlayercloud_zec_vnic_ipv4`` (provider 0.2.28, contract.md 7.4) keeps ``vnic_id``,
``secondary_private_ip_addresses`` and ``secondary_private_ip_count`` in its state. It reads back all secondary
addresses of the vNIC as its own, and destroying it releases all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.capacity.asked import snapshot_of
from zecnb.columns import positions
from zecnb.errors import UsageError
from zecnb.render.cells import plural
from zecnb.schema import MANAGED, conform, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zecnb.capacity.whatif import Scenario
    from zecnb.snapshot import Snapshot

__all__ = ["RESOURCE", "managed_nics"]

RESOURCE = "zenlayercloud_zec_vnic_ipv4"


def managed_nics(
    snapshot: Snapshot | Scenario[Any], state: str | Path | dict[str, Any], nic_ids: str | Iterable[str] | None = None
) -> pd.DataFrame:
    """Return the vNICs that a state manages, columns of ``schema.MANAGED``.

    Args:
        snapshot: what is held now.
        state: a state file (format 4), or the output of ``terraform show -json`` of a state or a plan; its path or
            content. Of it only vNIC ids and addresses are looked at.
        nic_ids: only this one, or these, for example ``plan.frame["nic_id"]``.

    Raises:
        UsageError: it cannot be read or is no state; says what it is instead.
    """
    snapshot = snapshot_of(snapshot)
    found = list(_resources(_content(state)))
    if nic_ids is not None:
        wanted = {nic_ids} if isinstance(nic_ids, str) else set(nic_ids)
        found = [each for each in found if each[1] in wanted]
    if not found:
        return empty(MANAGED)
    names, ids, recorded = zip(*found, strict=True)
    nic = positions(snapshot.nic_ids, pa.array(ids, pa.large_string()))
    there = nic >= 0
    held = np.append(snapshot.nics["secondary_ipv4_count"].to_numpy(np.int64), 0)[nic]
    both = (each & snapshot.addresses_of_nic(one, secondary=True) for one, each in zip(ids, recorded, strict=True))
    known = np.array([len(each) for each in both])
    managers: dict[str, list[str]] = {}
    for name, one in zip(names, ids, strict=True):
        managers.setdefault(one, []).append(name)
    foreign, gone = held - known, np.array([len(each) for each in recorded]) - known
    frame = pd.DataFrame(
        {
            "nic_id": ids,
            "nic_name": snapshot.nics["name"].array.take(nic, allow_fill=True),
            "resource": names,
            "recorded": [len(each) for each in recorded],
            "held": held,
            "foreign": foreign,
            "gone": gone,
            "warning": [
                _warning(*each) + _rivals(name, managers[one])
                for name, one, *each in zip(names, ids, there, held, foreign, gone, strict=True)
            ],
        }
    )
    return conform(frame, MANAGED, required=(), what="managed")


def _warning(there: bool, held: int, foreign: int, gone: int) -> str:
    if not there:
        return "the vNIC is not here any more: destroying the resource crashes the provider; remove it from the state"
    if not held:
        return "the vNIC has no secondary address: the next refresh drops the resource from the state"
    said = [f"destroy releases {'its only secondary address' if held == 1 else f'all {held:,} secondary addresses'}"]
    if foreign:
        said[0] += f", {foreign:,} of which the state does not know"
        many = (
            "it for its own, and the next apply may release one"
            if foreign == 1
            else (f"these {foreign:,} for its own, and the next apply may release as many")
        )
        said.append(f"the next refresh takes {many}, of a count what comes first in its own order")
    if gone:
        many = plural(gone, "recorded address is", "recorded addresses are")
        said.append(f"{many} gone; the next apply may assign as many again")
    return "; ".join(said)


def _rivals(name: str, all_: list[str]) -> str:
    others = [other for other in all_ if other != name]
    return f"; {' and '.join(others)} claims this vNIC too, and each takes all its addresses" if others else ""


def _content(state: object) -> dict[str, Any]:
    if isinstance(state, dict):
        return state
    if not isinstance(state, str | Path):
        raise UsageError(f"a Terraform state is the path of a file or its content, not {type(state).__name__}")
    source = Path(state)
    try:
        content = json.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{source.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{source.name} is no Terraform state")
    return content


def _resources(content: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Return address in the state, vNIC id and recorded addresses of each managed resource.

    Raises:
        UsageError: the content is no state of a known format.
    """
    shown = content.get("prior_state", content)  # a plan has the state it was made from
    if content.get("version") == 4 and "resources" in content:
        named = _of_state(content["resources"])
    elif "format_version" in content or "values" in content:
        values = _table(_table(shown, "what it shows").get("values") or {}, "its values")
        named = _of_show(values.get("root_module") or {})
    elif "encrypted_data" in content:
        raise UsageError("the Terraform state is encrypted; give the output of tofu show -json instead")
    else:
        found = f"version {content['version']!r}" if "version" in content else "neither"
        raise UsageError(
            f"a Terraform state of version 4, or the output of terraform show -json, is wanted; not {found}"
        )
    for name, attributes in named:
        yield (name, *_recorded(name, attributes))


def _of_state(resources: object) -> Iterator[tuple[str, object]]:
    for number, each in enumerate(_list(resources, "resources")):
        resource = _table(each, f"resource {number}")
        if resource.get("mode") != "managed" or resource.get("type") != RESOURCE:
            continue
        module = resource.get("module") or ""
        if not isinstance(module, str):
            raise UsageError(f"the Terraform state is damaged: the module of resource {number} is {module!r}, no text")
        name = ".".join(filter(None, (module, RESOURCE, str(resource.get("name", number)))))
        for one in _list(resource.get("instances"), f"what there is of {name}"):
            instance = _table(one, name)
            index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            old = f" (deposed {instance['deposed']})" if "deposed" in instance else ""
            yield name + index + old, instance.get("attributes")


def _of_show(module: object) -> Iterator[tuple[str, object]]:
    waiting = [module]
    while waiting:  # modules may be nested deeper than calls can be
        about = _table(waiting.pop(), "a module")
        for number, each in enumerate(_list(about.get("resources", []), "resources")):
            resource = _table(each, f"resource {number}")
            if resource.get("mode") == "managed" and resource.get("type") == RESOURCE:
                yield str(resource.get("address", f"resource {number}")), resource.get("values")
        waiting += reversed(_list(about.get("child_modules", []), "child_modules"))


def _recorded(name: str, attributes: object) -> tuple[str, set[str]]:
    """Return the vNIC and the addresses that a resource knows."""
    told = _table(attributes, name)
    nic_id = told.get("vnic_id") or told.get("id")
    known = _list(told.get("secondary_private_ip_addresses") or [], f"the addresses of {name}")
    if not isinstance(nic_id, str) or not all(isinstance(each, str) for each in known):
        raise UsageError(f"the Terraform state is damaged: {name} has no vNIC id, or addresses that are no text")
    return nic_id, set(known)


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"the Terraform state is damaged: {where} has no attributes")
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"the Terraform state is damaged: {where} is no list")
    return value
