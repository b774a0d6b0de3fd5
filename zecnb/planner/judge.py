"""Rows -> the frames of a plan."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from zecnb.columns import at_once, joined, spread, strings, texts_at
from zecnb.ledger import addresses_of
from zecnb.planner.calls import Calls
from zecnb.planner.findings import CATALOGUE, PLANNED
from zecnb.planner.occupancy import cells
from zecnb.planner.rows import MODES, NO_KEY, Change, Rows
from zecnb.planner.wording import Said, Wording
from zecnb.render.palette import Cell
from zecnb.schema import FINDINGS, PLAN, VERDICTS, empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from pandas.api.extensions import ExtensionArray

    from zecnb.planner.calls import Answers
    from zecnb.planner.options import Options

__all__ = ["Judgement", "SubnetCells"]

_RANK = {verdict: rank for rank, verdict in enumerate(VERDICTS)} | {"INFO": 0}
_TEXT = pa.large_string()
_MODE_WORDS, _VERDICT_WORDS = pa.array(MODES, _TEXT), pa.array(VERDICTS, _TEXT)


class _Kind(NamedTuple):
    """What one distinct set of findings means."""

    verdict: int
    codes: tuple[str, ...]
    api_code: str | None
    worst: str | None


class SubnetCells(NamedTuple):
    """What a picture of one subnet needs.

    Attributes:
        cidr, title: what it is.
        cells: uint8, one ``render.palette.Cell`` per address, the plan drawn in.
        before: the same without the plan.
        unseen: addresses held by something no listing shows.
        nic_name: the vNIC whose addresses are marked as its own, "" for none.
    """

    cidr: str
    title: str
    cells: NDArray[np.uint8]
    before: NDArray[np.uint8]
    unseen: int
    nic_name: str


def _kind(mask: int, answers: Answers) -> _Kind:
    codes = tuple(code for at, code in enumerate(PLANNED) if mask >> at & 1)
    ranks = [_RANK[CATALOGUE[code].severity] for code in codes]
    worst = codes[ranks.index(max(ranks))] if codes else None
    return _Kind(max(ranks, default=0), codes, answers.first(mask), worst)


def _own_names(columns: Iterable[object]) -> list[str]:
    """Name the caller's own columns: text, and each name once; those of a plan's own begin with ``input_``.

    So a plan's rows can be planned again, however often.
    """
    given = [str(name) for name in columns]
    taken = {*PLAN, *given}
    names: list[str] = []
    for name in given:
        if name in PLAN or name in names:
            lead = f"input_{name}" if name in PLAN else name
            more = (f"{lead}_{number}" for number in itertools.count(2))
            name = next(each for each in itertools.chain([lead], more) if each not in taken)  # noqa: PLW2901
        taken.add(name)
        names.append(name)
    return names


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

    @property
    def touched(self) -> list[str]:
        """Ids of the subnets touched."""
        return list(texts_at(self.rows.board.snapshot.subnet_ids, self.rows.room.subnets).to_pylist())

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
        """The distinct sets of findings, the empty one first, and which each row has."""
        index = np.zeros(len(self.rows.mask), np.int64)
        which, distinct = pd.factorize(self.rows.mask[self.rows.marked])
        index[self.rows.marked] = which + 1
        return [_kind(int(mask), self.planned_calls.answers) for mask in (0, *distinct)], index

    @cached_property
    def verdict(self) -> NDArray[np.int8]:
        """Position in ``VERDICTS`` of each row's verdict."""
        kinds, index = self._kinds
        return np.array([kind.verdict for kind in kinds], np.int8)[index]

    def frame(self) -> pd.DataFrame:
        """One row per address asked for or picked, columns of ``schema.PLAN``."""
        rows, board = self.rows, self.rows.board
        slot, written = rows.slot, board.requests.written
        known = {
            "nic_id": lambda: written if rows.plain and written is not None else texts_at(board.slot_ids, slot),
            "nic_name": lambda: texts_at(board.nic_values("name"), slot),
            "subnet_id": lambda: texts_at(board.slot_subnet_ids, slot),
            "mode": lambda: texts_at(_MODE_WORDS, rows.mode),
            "address": lambda: rows.text,
        }
        # What does not depend on the findings is worded while they are looked for.
        (kinds, index), why, *taken = at_once(len(slot), [lambda: self._kinds, self._why, *known.values()])
        held = np.flatnonzero(rows.entry >= 0)
        codes = np.empty(len(kinds), object)
        codes[:] = [kind.codes for kind in kinds]
        work = [
            lambda: self._reasons(*why),  # takes longest, and shares out its own work
            lambda: self._holders(held, held, len(slot)),
            lambda: texts_at(_VERDICT_WORDS, self.verdict),
            lambda: texts_at(pa.array([kind.api_code for kind in kinds], _TEXT), index),
            lambda: codes[index],
            lambda: rows.largest_after,  # of the summary: there is time for it here
        ]
        (reason, fix), (holder_kind, holder_id, holder_name), verdict, api_code, code_sets, _ = at_once(len(slot), work)
        text = dict(zip(known, taken, strict=True)) | {
            "verdict": verdict,
            "api_code": api_code,
            "holder_kind": holder_kind,
            "holder_id": holder_id,
            "holder_name": holder_name,
            "reason": reason,
            "fix": fix,
        }
        numbers = {"row": rows.label, "codes": code_sets}
        columns = {name: numbers[name] if name in numbers else strings(text[name]) for name in PLAN}
        frame = pd.DataFrame(columns, copy=False)
        carried = board.requests.carried
        if carried is not None:
            extra = carried.iloc[rows.request].reset_index(drop=True)
            frame = frame.join(extra.set_axis(_own_names(extra.columns), axis=1))
        return frame

    @cached_property
    def _said(self) -> dict[str, Said]:
        """Every code that occurs, in words."""
        kinds, index = self._kinds
        marked = self.rows.marked
        kind = index[marked]
        there = {code for kind in kinds for code in kind.codes}
        has = {code: np.array([code in kind.codes for kind in kinds]) for code in CATALOGUE if code in there}
        some = {code: marked[where[kind]] for code, where in has.items()}
        _ = self.words.offers  # once, before those who need it work side by side
        said = at_once(len(marked), [partial(self.words.say, code, at) for code, at in some.items()])
        return dict(zip(some, said, strict=True))

    @cached_property
    def _texts(self) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
        """Messages and fixes of all findings, end to end."""
        nothing = pa.nulls(0, _TEXT)
        return (
            pa.concat_arrays([nothing, *(said.message for said in self._said.values())]),
            pa.concat_arrays([nothing, *(said.fix for said in self._said.values())]),
        )

    def _why(self) -> tuple[NDArray[np.int64], pa.LargeStringArray]:
        """Rows that were picked, and why."""
        picks = len(self.rows.room.placed.key)
        picked = np.flatnonzero(self.rows.pick >= 0) if picks else np.zeros(0, np.int64)
        return picked, self.words.why(picked)

    def _reasons(
        self, picked: NDArray[np.int64], why: pa.LargeStringArray
    ) -> tuple[pa.LargeStringArray, pa.LargeStringArray]:
        """Word each row's worst finding; of a picked one first why it was picked."""
        rows = self.rows
        kinds, index = self._kinds
        at = np.full(len(rows.request), -1)
        before = 0
        for code, said in self._said.items():
            worst = np.array([kind.worst == code for kind in kinds])[index[said.rows]]
            at[said.rows[worst]] = before + said.text[worst]
            before += len(said.first)
        messages, fixes = self._texts
        some = np.flatnonzero(at >= 0)
        fixed = some[np.asarray(fixes.is_valid())[at[some]]]
        fix = spread(texts_at(fixes, at[fixed]), fixed, len(at))
        if len(picked):
            more = np.flatnonzero(at[picked] >= 0)
            both = joined(texts_at(why, more), "; ", texts_at(messages, at[picked[more]]))
            messages = pa.concat_arrays([messages, why, both])
            at[picked] = before + np.arange(len(picked))
            at[picked[more]] = before + len(picked) + np.arange(len(more))
            some = np.flatnonzero(at >= 0)
        return spread(texts_at(messages, at[some]), some, len(at)), fix

    def findings(self) -> pd.DataFrame:
        """One row per finding, columns of ``schema.FINDINGS``, by input row and check order."""
        if not self._said:
            return empty(FINDINGS)
        rows, said = self.rows, list(self._said.values())
        order = {code: at for at, code in enumerate(CATALOGUE)}
        which = np.repeat([order[code] for code in self._said], [len(each.first) for each in said])
        where = np.concatenate([each.first for each in said])
        rank = np.lexsort((which, rows.label[where]))
        where, which = where[rank], which[rank]
        entries = list(CATALOGUE.values())
        named = np.array([entry.about == "address" for entry in entries])[which]
        held = np.flatnonzero(named & (rows.entry[where] >= 0))
        at, said_at, (messages, fixes) = pa.array(where, mask=~named), pa.array(rank), self._texts
        work = [
            lambda: rows.text.take(at),
            lambda: self._holders(where[held], held, len(where)),
            lambda: messages.take(said_at),
            lambda: fixes.take(said_at),
        ]
        address, (kind, who, name), message, fix = at_once(len(rows.request), work)
        return pd.DataFrame(
            {
                "row": rows.label[where],
                "address": strings(address),
                "code": _pick(list(CATALOGUE), which),
                "severity": _pick([entry.severity for entry in entries], which),
                "api_code": _pick([self.planned_calls.answers.codes[code] or None for code in CATALOGUE], which),
                "holder_kind": strings(kind),
                "holder_id": strings(who),
                "holder_name": strings(name),
                "message": strings(message),
                "fix": strings(fix),
            },
            copy=False,
        )

    def _holders(
        self, held: NDArray[np.int64], at: NDArray[np.int64], length: int
    ) -> tuple[pa.LargeStringArray, pa.LargeStringArray, pa.LargeStringArray]:
        """Kind, id and name of the holders of some rows, laid out at some positions of a column of a length."""
        kind, who, name = (spread(part, at, length) for part in self.words.holder(held))
        return kind, who, name

    def summary(self) -> pd.DataFrame:
        """One row per subnet touched, columns of ``schema.SUMMARY``."""
        room, change, snapshot = self.rows.room, self.rows.change, self.rows.board.snapshot
        usable = snapshot.geometry.usable[room.subnets]
        return pd.DataFrame(
            {
                "subnet_id": strings(texts_at(snapshot.subnet_ids, room.subnets)),
                "cidr": strings(texts_at(snapshot.texts("subnets", "cidr_block"), room.subnets)),
                "usable": usable,
                "used_before": change.used_before,
                "used_after": change.used_after,
                "utilisation_before": Change.utilisation(change.used_before, usable),
                "utilisation_after": Change.utilisation(change.used_after, usable),
                "free_after": usable - change.used_after,
                "largest_run_before": snapshot.largest_run[room.subnets],
                "largest_run_after": self.rows.largest_after,
                "unseen": snapshot.unseen[room.subnets],
            },
            copy=False,
        )

    def picture(self, subnet_id: str) -> SubnetCells:
        """Return what a picture of a subnet needs; "this vNIC" is the plan's, when it is about one only."""
        rows, snapshot = self.rows, self.rows.board.snapshot
        subnet = snapshot.subnet_position(subnet_id)
        nics = np.unique(rows.board.nic[rows.slot])
        nic = int(nics[0]) if len(nics) == 1 else -1
        codes = cells(snapshot, subnet, nic)
        network = int(snapshot.geometry.network[subnet])
        reserved = rows.board.reservations.binding_keys(np.array([subnet]))
        claimed = addresses_of(reserved).astype(np.int64) - network
        codes[claimed[codes[claimed] == Cell.FREE]] = Cell.CLAIMED
        before = codes.copy()
        here = np.flatnonzero((rows.key != NO_KEY) & (rows.board.usable_subnet[rows.slot] == subnet))
        offset = addresses_of(rows.key[here]).astype(np.int64) - network
        inside = (offset >= 0) & (offset < len(codes))
        here, offset = here[inside], offset[inside]
        blocked = self.verdict[here] == _RANK["BLOCK"]
        codes[offset[rows.done[here]]] = Cell.PLANNED
        codes[offset[blocked & ((rows.own_mask[here] != 0) | (codes[offset] == Cell.FREE))]] = Cell.CONFLICT
        cidr = str(snapshot.texts("subnets", "cidr_block")[subnet])
        title = snapshot.texts("subnets", "name")[subnet].as_py() or subnet_id
        name = snapshot.texts("nics", "name")[nic].as_py() or "" if nic >= 0 else ""
        return SubnetCells(cidr, title, codes, before, int(snapshot.unseen[subnet]), name)


def _pick(values: Sequence[str | None], at: NDArray[np.integer]) -> ExtensionArray:
    return strings(texts_at(pa.array(values, _TEXT), at))
