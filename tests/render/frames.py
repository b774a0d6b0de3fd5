"""Frames as the planner and the receipt give them, small enough to read, with names that try to break out."""

from __future__ import annotations

import pandas as pd

from zecnb.schema import CALLS, COVERAGE, FINDINGS, PLAN, RECEIPT, SOURCES, SUMMARY, Column

EVIL = "<img src=x onerror=alert(1)>"
NIC = "1680855999352675875"


def frame(columns: dict[str, Column], rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return rows as a frame with the columns and dtypes of the schema."""
    return pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=column.dtype) for name, column in columns.items()}
    )


def plan_frame(name: str = "web-03") -> pd.DataFrame:
    """Return a plan of five rows for one vNIC, one of each verdict and one without an address."""
    base = {"nic_id": NIC, "nic_name": "web-07", "subnet_id": "subnet-1", "mode": "explicit"}
    held = {"holder_kind": "nic_secondary", "holder_id": "1680855999352675001", "holder_name": name}
    return frame(
        dict(PLAN),
        [
            base | {"row": 0, "address": "10.0.4.10", "verdict": "OK", "codes": ()},
            base | {"row": 0, "address": "10.0.4.11", "verdict": "OK", "codes": ()},
            base
            | held
            | {
                "row": 0,
                "address": "10.0.4.12",
                "verdict": "BLOCK",
                "codes": ("HELD_BY_NIC",),
                "api_code": "INVALID_SUBNET_PRIVATE_IPV4_IN_USED",
                "reason": f"held by {name} (vNIC 1680855999352675001, secondary)",
                "fix": "10.0.4.14 is the nearest free",
            },
            base
            | {
                "row": 0,
                "address": "10.0.4.13",
                "verdict": "RISK",
                "codes": ("UNATTRIBUTED_USAGE",),
                "reason": "12 addresses of 10.0.4.0/22 are used by something no listing shows",
                "fix": "ask who uses them, or accept the risk",
            },
            base
            | {
                "row": 0,
                "address": "10.0.4.40",
                "verdict": "NOOP",
                "codes": ("ALREADY_ON_NIC",),
                "holder_kind": "nic_secondary",
                "holder_id": NIC,
                "holder_name": "web-07",
                "reason": "already on this vNIC",
            },
        ],
    )


def calls() -> pd.DataFrame:
    """Return the one call of the plan."""
    addresses = ("10.0.4.10", "10.0.4.11", "10.0.4.12", "10.0.4.13")
    predicted = "INVALID_SUBNET_PRIVATE_IPV4_IN_USED"
    return frame(dict(CALLS), [{"call": 0, "nic_id": NIC, "addresses": addresses, "predicted": predicted}])


def findings(name: str = "web-03") -> pd.DataFrame:
    """Return three findings, one of them about the whole subnet."""
    return frame(
        dict(FINDINGS),
        [
            {
                "row": 0,
                "address": "10.0.4.12",
                "code": "HELD_BY_NIC",
                "severity": "BLOCK",
                "api_code": "INVALID_SUBNET_PRIVATE_IPV4_IN_USED",
                "holder_kind": "nic_secondary",
                "holder_id": "1680855999352675001",
                "holder_name": name,
                "message": f"held by {name}",
                "fix": "10.0.4.14 is the nearest free",
            },
            {
                "row": 0,
                "code": "UNATTRIBUTED_USAGE",
                "severity": "RISK",
                "message": "12 addresses of 10.0.4.0/22 are used by something no listing shows",
                "fix": "ask who uses them",
            },
            {"row": 0, "address": "10.0.4.40", "code": "ALREADY_ON_NIC", "severity": "NOOP", "message": "already so"},
        ],
    )


def summary() -> pd.DataFrame:
    """Return the one subnet of the plan."""
    row = {
        "subnet_id": "1680855999352670022",
        "cidr": "10.0.4.0/22",
        "usable": 1021,
        "used_before": 625,
        "used_after": 628,
        "utilisation_before": 625 / 1021,
        "utilisation_after": 628 / 1021,
        "free_after": 393,
        "largest_run_before": 37,
        "largest_run_after": 36,
        "unseen": 12,
    }
    return frame(dict(SUMMARY), [row])


def coverage(name: str = "app-sin") -> pd.DataFrame:
    """Return two subnets, one of them fully seen."""
    return frame(
        dict(COVERAGE),
        [
            {"subnet_id": "s-1", "name": name, "cidr": "10.0.4.0/22", "usable": 1021, "seen": 613, "usage": 625}
            | {"unseen": 12, "coverage": 613 / 625},
            {"subnet_id": "s-2", "name": "数据库 db", "cidr": "10.0.8.0/28", "usable": 13, "seen": 4, "usage": None}
            | {"unseen": 0, "coverage": 1.0},
        ],
    )


def sources() -> pd.DataFrame:
    """Return two sources, one of them denied."""
    return frame(
        dict(SOURCES),
        [
            {"source": "nics", "scope": "all", "status": "complete", "records": 240, "detail": ""},
            {"source": "havips", "scope": "all", "status": "failed", "records": 0, "detail": f"denied {EVIL}"},
        ],
    )


def receipt() -> pd.DataFrame:
    """Return a run of which one row was rejected."""
    rows = [
        {"row": 0, "nic_id": NIC, "address": "10.0.4.10", "state": "assigned", "request_id": "req-1"},
        {
            "row": 0,
            "nic_id": NIC,
            "address": "10.0.4.12",
            "state": "rejected",
            "api_code": "INVALID_SUBNET_PRIVATE_IPV4_IN_USED",
            "request_id": "req-2",
        },
        {"row": 1, "nic_id": NIC, "address": "10.0.4.40", "state": "already_present"},
        {"row": 2, "nic_id": NIC, "state": "not_attempted"},
    ]
    return frame(dict(RECEIPT), rows)
