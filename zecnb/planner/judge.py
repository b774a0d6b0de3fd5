"""Rows -> the frames of a plan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.ledger import addresses_of
from zecnb.planner.calls import Calls, api_code_of
from zecnb.planner.findings import CATALOGUE, PLANNED, bit
from zecnb.planner.occupancy import cells
from zecnb.planner.rows import MODES, NO_KEY, Change, Rows
from zecnb.planner.wording import Wording
from zecnb.schema import FINDINGS, PLAN, SUMMARY, VERDICTS, empty
from zecnb.snapshot import text_column

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from zecnb.planner.options import Options

__all__ = ["Judgement"]

_RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
_PLANNED_CELL, _CONFLICT_CELL, _CLAIMED_CELL = 6, 7, 8  # codes of render.palette.Cell
_TEXT = pa.large_string()


class _Kind(NamedTuple):
    """What one distinct set of findings means."""

    verdict: int
    codes: tuple[str, ...]
    api_code: str | None
    worst: str | None


def _kind(mask: int) -> _Kind:
    codes = tuple(code for code in PLANNED if mask & bit(code))
    ranks = [_RANK[CATALOGUE[code].severity] for code in codes]
    worst = codes[ranks.index(max(ranks))] if codes else None
    return _Kind(max(ranks, default=0), codes, api_code_of(mask), worst)


@dataclass(frozen=True, eq=False)
class Judgement:
    """A judged batch; builds the plan's frames when they are asked for.

    Attributes:
        rows: the plan's rows.
    """

    rows: Rows

    @cached_property
    def words(self) -> Wording:
        """Findings in words."""
        return Wording(self.rows)

    @cached_property
    def planned_calls(self) -> Calls:
        """The API calls."""
        return Calls(self.rows)

    def calls(self) -> pd.DataFrame:
        """One row per API call, columns of ``schema.CALLS``."""
        return self.planned_calls.frame()

    @property
    def options(self) -> Options:
        """The options of the plan."""
        return self.rows.board.options

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Digest of each touched subnet."""
        return self.rows.board.snapshot.fingerprints(self.rows.room.subnets.tolist())

    @property
    def observed_at(self) -> datetime:
        """When the snapshot was read."""
        return self.rows.board.snapshot.observed_at

    @cached_property
    def _kinds(self) -> tuple[list[_Kind], NDArray[np.int64]]:
        """The distinct sets of findings, and which each row has."""
        mask = self.rows.mask
        marked = np.flatnonzero(mask)
        distinct, inverse = np.unique(mask[marked], return_inverse=True)
        index = np.zeros(len(mask), np.int64)
        index[marked] = inverse + 1
        return [_kind(0), *(_kind(int(m)) for m in distinct)], index

    @cached_property
    def verdict(self) -> NDArray[np.int8]:
        """Position in ``VERDICTS`` of each row's verdict."""
        kinds, index = self._kinds
        return np.array([kind.verdict for kind in kinds], np.int8)[index]

    def frame(self) -> pd.DataFrame:
        """One row per address asked for or picked, columns of ``schema.PLAN``."""
        rows, words = self.rows, self.words
        kinds, index = self._kinds
        everything = np.arange(len(rows.request))
        codes = np.empty(len(kinds), object)
        codes[:] = [kind.codes for kind in kinds]
        reason, fix = self._reasons()
        holder_kind, holder_id, holder_name = self._holders(everything)
        subnet_ids = rows.board.snapshot.subnets["subnet_id"]
        frame = pd.DataFrame(
            {
                "row": rows.label,
                "nic_id": text_column(words.nic_id(everything)),
                "nic_name": text_column(words.nic_name(everything)),
                "subnet_id": pd.Series(subnet_ids.array.take(rows.board.subnet[rows.slot], allow_fill=True)),
                "mode": _pick(MODES, rows.mode),
                "address": text_column(rows.text),
                "verdict": _pick(VERDICTS, self.verdict),
                "codes": pd.Series(codes[index], dtype=object),
                "holder_kind": text_column(holder_kind),
                "holder_id": text_column(holder_id),
                "holder_name": text_column(holder_name),
                "api_code": _pick([kind.api_code for kind in kinds], index),
                "reason": text_column(reason),
                "fix": text_column(fix),
            },
            columns=list(PLAN),
        )
        carried = rows.board.requests.carried
        if carried is not None:
            extra = carried.iloc[rows.request].reset_index(drop=True)
            frame = frame.join(extra.rename(columns={c: f"input_{c}" for c in extra.columns if c in frame.columns}))
        return frame

    def _reasons(self) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
        """Word each row's worst finding, or why it was picked."""
        rows = self.rows
        kinds, index = self._kinds
        texts: list[pa.LargeStringArray] = []
        fixes: list[pa.LargeStringArray] = []
        where: list[NDArray[np.int64]] = []
        names = [kind.worst for kind in kinds]
        for code in dict.fromkeys(names):
            group = np.flatnonzero(np.array([name == code for name in names])[index])
            if code is None:
                group = group[rows.pick[group] >= 0]
            if not len(group):
                continue
            where.append(group)
            texts.append(self.words.why(group) if code is None else self.words.say(code, "message", group))
            fixes.append(pa.nulls(len(group), _TEXT) if code is None else self.words.say(code, "fix", group))
        return _scatter(where, texts, len(rows.request)), _scatter(where, fixes, len(rows.request))

    def _holders(self, at: NDArray[np.int64]) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        held = at[self.rows.entry[at] >= 0]
        parts = self.words.holder(held)
        kind, who, name = (_scatter([held], [part], len(at)) for part in parts)
        return kind, who, name

    def findings(self) -> pd.DataFrame:
        """One row per finding, columns of ``schema.FINDINGS``, by input row and check order."""
        rows = self.rows
        first_of_request = _first(rows.request, len(rows.board.requests))
        first_of_slot = _first(rows.slot % len(rows.board.nic), len(rows.board.nic))
        first_of_subnet = _first(np.where(rows.noop, -1, rows.subnet_entry), len(rows.room.subnets))
        about = {
            "address": (rows.own_mask, np.arange(len(rows.request))),
            "request": (rows.request_mask, first_of_request),
            "nic": (rows.nic_mask, first_of_slot),
            "subnet": (rows.change.mask, first_of_subnet),
            "plan": (np.array([rows.plan_mask]), np.zeros(min(1, len(rows.request)), np.int64)),
        }
        parts = []
        for order, (code, entry) in enumerate(CATALOGUE.items()):
            mask, representative = about[entry.about]
            at = representative[np.flatnonzero((mask[: len(representative)] & np.uint64(bit(code))) != 0)]
            at = at[at < len(rows.request)]
            if len(at):
                parts.append((order, code, at))
        if not parts:
            return empty(FINDINGS)
        where = np.concatenate([at for _, _, at in parts])
        which = np.repeat([order for order, _, _ in parts], [len(at) for _, _, at in parts])
        named = np.array([entry.about == "address" for entry in CATALOGUE.values()])[which]
        held = np.where(named, where, len(rows.request))
        message = pa.concat_arrays([self.words.say(code, "message", at) for _, code, at in parts])
        fix = pa.concat_arrays([self.words.say(code, "fix", at) for _, code, at in parts])
        rank = np.lexsort((which, rows.label[where]))
        where, which, named, held = where[rank], which[rank], named[rank], held[rank]
        address = rows.text.take(pa.array(where, mask=~named))
        kind, who, name = self._holder_of(held)
        entries = list(CATALOGUE.values())
        return pd.DataFrame(
            {
                "row": rows.label[where],
                "address": text_column(address),
                "code": _pick(list(CATALOGUE), which),
                "severity": _pick([entry.severity for entry in entries], which),
                "api_code": _pick([entry.api_code or None for entry in entries], which),
                "holder_kind": text_column(kind),
                "holder_id": text_column(who),
                "holder_name": text_column(name),
                "message": text_column(message.take(pa.array(rank))),
                "fix": text_column(fix.take(pa.array(rank))),
            },
            columns=list(FINDINGS),
        )

    def _holder_of(self, at: NDArray[np.int64]) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """Holders of rows; positions past the end have none."""
        inside = np.flatnonzero(at < len(self.rows.request))
        kind, who, name = self.words.holder(at[inside])
        return (
            _scatter([inside], [kind], len(at)),
            _scatter([inside], [who], len(at)),
            _scatter([inside], [name], len(at)),
        )

    def summary(self) -> pd.DataFrame:
        """One row per subnet touched, columns of ``schema.SUMMARY``."""
        room, change, snapshot = self.rows.room, self.rows.change, self.rows.board.snapshot
        usable = snapshot.geometry.usable[room.subnets]
        return pd.DataFrame(
            {
                "subnet_id": snapshot.subnets["subnet_id"].array.take(room.subnets),
                "cidr": snapshot.subnets["cidr_block"].array.take(room.subnets),
                "usable": usable,
                "used_before": change.used_before,
                "used_after": change.used_after,
                "utilisation_before": Change.utilisation(change.used_before, usable),
                "utilisation_after": Change.utilisation(change.used_after, usable),
                "free_after": usable - change.used_after,
                "largest_run_before": change.largest_before,
                "largest_run_after": change.largest_after,
                "unseen": snapshot.unseen[room.subnets],
            },
            columns=list(SUMMARY),
        )

    def picture(self, subnet_id: str) -> tuple[str, str, NDArray[np.uint8], int, str]:
        """Return CIDR, title, cells, unseen and vNIC name of a subnet with the plan drawn in.

        "This vNIC" is the plan's, when it is about one only.
        """
        rows, snapshot = self.rows, self.rows.board.snapshot
        subnet = snapshot.subnet_position(subnet_id)
        nics = np.unique(rows.board.nic[rows.slot])
        nic = int(nics[0]) if len(nics) == 1 else -1
        codes = cells(snapshot, subnet, nic)
        network = int(snapshot.geometry.network[subnet])
        reserved = rows.board.reservations.binding_keys(np.array([subnet]))
        claimed = addresses_of(reserved).astype(np.int64) - network
        codes[claimed[codes[claimed] == 0]] = _CLAIMED_CELL
        here = np.flatnonzero((rows.key != NO_KEY) & (rows.board.usable_subnet[rows.slot] == subnet))
        offset = addresses_of(rows.key[here]).astype(np.int64) - network
        inside = (offset >= 0) & (offset < len(codes))
        here, offset = here[inside], offset[inside]
        blocked = self.verdict[here] == _RANK["BLOCK"]
        codes[offset[rows.done[here]]] = _PLANNED_CELL
        codes[offset[blocked & ((rows.own_mask[here] != 0) | (codes[offset] == 0))]] = _CONFLICT_CELL
        row = snapshot.subnets.iloc[subnet]
        title = row["name"] if isinstance(row["name"], str) else subnet_id
        name = snapshot.nics["name"].fillna("").iloc[nic] if nic >= 0 else ""
        return str(row["cidr_block"]), str(title), codes, int(snapshot.unseen[subnet]), str(name)


def _pick(values: list[str | None] | tuple[str, ...] | list[str], at: NDArray[np.integer]) -> pd.Series:
    return text_column(pa.array(list(values), _TEXT).take(pa.array(at)))


def _first(group: NDArray[np.int64], groups: int) -> NDArray[np.int64]:
    """Return the first row of each group, a position past the end where it has none; group -1 is none."""
    first = np.full(groups + 1, len(group))
    np.minimum.at(first, np.where(group < 0, groups, group), np.arange(len(group)))
    return first[:groups]


def _scatter(where: list[NDArray[np.int64]], parts: list[pa.LargeStringArray], length: int) -> pa.LargeStringArray:
    """Put texts at their positions, null elsewhere."""
    index = np.full(length, -1)
    if where:
        at = np.concatenate(where)
        index[at] = np.arange(len(at))
    texts = pa.concat_arrays(parts) if parts else pa.nulls(0, _TEXT)
    return texts.take(pa.array(index, mask=index < 0))
