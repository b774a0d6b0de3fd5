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

from zecnb.columns import positions
from zecnb.errors import UsageError
from zecnb.schema import HOLDER_KINDS, MANAGED, conform, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from zecnb.snapshot import Snapshot

__all__ = ["RESOURCE", "managed_nics"]

RESOURCE = "zenlayercloud_zec_vnic_ipv4"
_SECONDARY = HOLDER_KINDS.index("nic_secondary")


def managed_nics(
    snapshot: Snapshot, state: str | Path | dict[str, Any], nic_ids: Iterable[str] | None = None
) -> pd.DataFrame:
    """Return the vNICs that a state manages, columns of ``schema.MANAGED``.

    Args:
        snapshot: what is held now.
        state: a state file (format 4) or the output of ``terraform show -json``, its path or content.
        nic_ids: only these, for example ``plan.frame["nic_id"]``.

    Raises:
        UsageError: it cannot be read or is no state.
    """
    found = list(_resources(_content(state)))
    if nic_ids is not None:
        wanted = set(nic_ids)
        found = [each for each in found if each[1] in wanted]
    if not found:
        return empty(MANAGED)
    names, ids, recorded = zip(*found, strict=True)
    nic = positions(snapshot.nic_ids, pa.array(ids, pa.large_string()))
    there = nic >= 0
    held = np.where(there, _secondaries(snapshot)[np.maximum(nic, 0)] if len(snapshot.nics) else 0, 0)
    known = np.array([len(each & snapshot.addresses_of_nic(one)) for one, each in zip(ids, recorded, strict=True)])
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
            "warning": [_warning(*each) for each in zip(there, held, foreign, gone, strict=True)],
        }
    )
    return conform(frame, MANAGED, required=(), what="managed")


def _warning(there: bool, held: int, foreign: int, gone: int) -> str:
    if not there:
        return "the vNIC is not here any more: destroying the resource crashes the provider; remove it from the state"
    if not held:
        return "the vNIC has no secondary address: the next refresh drops the resource from the state"
    said = [f"destroy releases all {held} secondary addresses"]
    if foreign:
        said[0] += f", {foreign} of which the state does not know"
        said.append(f"the next refresh takes these {foreign} for its own, and the next apply may release as many,")
        said[-1] += " of a count those first in its own order"
    if gone:
        said.append(f"{gone} recorded addresses are gone; the next apply may assign as many again")
    return "; ".join(said)


def _secondaries(snapshot: Snapshot) -> np.ndarray[Any, np.dtype[np.int64]]:
    entry = snapshot.ledger.kind == _SECONDARY
    nic = snapshot.holder_nic[snapshot.ledger.holder[entry]]
    return np.bincount(nic[nic >= 0], minlength=len(snapshot.nics))


def _content(state: str | Path | dict[str, Any]) -> dict[str, Any]:
    if isinstance(state, dict):
        return state
    source = Path(state)
    try:
        content = json.loads(source.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{source.name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{source.name} is no Terraform state")
    return content


def _resources(content: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    """Return address in the state, vNIC id and recorded addresses of each managed resource.

    Raises:
        UsageError: the content is no state of a known format.
    """
    try:
        if "resources" in content and content.get("version") == 4:
            yield from _from_state(content["resources"])
        elif "values" in content:
            yield from _from_show(content["values"].get("root_module", {}))
        else:
            version = content.get("version", content.get("format_version", "none"))
            raise UsageError(f"a Terraform state of version 4 or the output of terraform show -json, not {version!r}")
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"the Terraform state is damaged: {error!r}") from error


def _from_state(resources: list[dict[str, Any]]) -> Iterator[tuple[str, str, set[str]]]:
    for resource in resources:
        if resource.get("mode") != "managed" or resource.get("type") != RESOURCE:
            continue
        name = ".".join(filter(None, (resource.get("module"), RESOURCE, resource["name"])))
        for instance in resource["instances"]:
            index = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
            yield name + index, *_recorded(instance["attributes"])


def _from_show(module: dict[str, Any]) -> Iterator[tuple[str, str, set[str]]]:
    for resource in module.get("resources", []):
        if resource.get("mode") == "managed" and resource.get("type") == RESOURCE:
            yield str(resource["address"]), *_recorded(resource["values"])
    for child in module.get("child_modules", []):
        yield from _from_show(child)


def _recorded(attributes: dict[str, Any]) -> tuple[str, set[str]]:
    return str(attributes.get("vnic_id") or attributes["id"]), set(
        attributes.get("secondary_private_ip_addresses") or []
    )
