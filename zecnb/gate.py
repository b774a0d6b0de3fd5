"""``zecnb check``: whether there is room and rules are kept, now or after a plan, for people and pipelines."""

from __future__ import annotations

import os
import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations when it runs
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zecnb.errors import JournalError, UsageError
from zecnb.shell import FAILED, AsJson, Endpoint, Profile, open_session, print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from zecnb.capacity.headroom import Headroom
    from zecnb.capacity.whatif import Scenario
    from zecnb.inventory import Inventory

__all__ = ["check"]

_SHOWN = ["subnet_id", "name", "cidr", "usable", "used", "reserved", "free", "nics", "wanted", "short", "over_limit"]


def check(
    *,
    subnet: Annotated[str | None, typer.Option(help="Id of the subnet that is to have room.")] = None,
    vpc: Annotated[str | None, typer.Option(help="Id of the VPC whose subnets are to have room.")] = None,
    need: Annotated[int | None, typer.Option(min=1, help="So many more addresses, for any vNICs.")] = None,
    per_nic: Annotated[int | None, typer.Option(min=1, help="So many more addresses on each vNIC.")] = None,
    to_limit: Annotated[bool, typer.Option("--to-limit", help="Each vNIC up to its limit.")] = False,
    nic_limit: Annotated[
        int | None, typer.Option(min=1, help="Addresses a vNIC may have; the documented number by default.")
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="TOML file with rules for all subnets, instead of these.")] = None,
    plan: Annotated[Path | None, typer.Option(help="As if this plan of `zecnb plan --out` had been applied.")] = None,
    inventory: Annotated[
        Path | None,
        typer.Option(
            help="A saved inventory's folder instead of the account; needs no key. Claims come from the store."
        ),
    ] = None,
    history: Annotated[
        Path | None, typer.Option(help="With --rules: CSV or Parquet file of the past, instead of what is stored.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="With --rules: for a pull request.")] = False,
    as_json: AsJson = False,
    endpoint: Endpoint = None,
    profile: Profile = None,
) -> int:
    """Say whether a subnet or VPC has room for more, or all subnets keep their rules. Exit 0: yes, 1: no.

    What colleagues claimed is not free; where a listing fails the answer is no. Each check with --rules stores the day.

    Rules are minimum_free, maximum_utilisation (0..1), minimum_largest_run, minimum_days_to_full, maximum_age_hours.

    Tables named subnets have limits for those that match = "db-*" (name, id or CIDR); a match of nothing fails.

    What cannot be judged, such as days to full without history, fails with unknown = "fail" only.
    """
    asked = [need is not None, per_nic is not None, to_limit]
    if rules is not None:
        if any(asked) or subnet or vpc or nic_limit:
            raise UsageError("--rules are for all subnets: give them without --subnet, --vpc and what is needed")
        if as_json and markdown:
            raise UsageError("give --json or --markdown, not both")
    elif sum(asked) != 1 or (subnet is None) == (vpc is None) or markdown or history:
        raise UsageError(
            "give --rules FILE; or one of --subnet and --vpc, with one of --need, --per-nic and --to-limit"
        )
    if rules is not None:
        return _judge(rules, plan, inventory, history, (endpoint, profile), as_json=as_json, markdown=markdown)
    only = {} if plan else {"subnet_id": subnet, "vpc_id": vpc}
    from zecnb.capacity.headroom import headroom
    from zecnb.planner.options import DOCUMENTED_LIMIT

    held, _ = _look(plan, inventory, (endpoint, profile), **only)
    room = headroom(
        held.inventory,
        subnet_id=subnet,
        vpc_id=vpc,
        more=need,
        per_nic=per_nic,
        to_limit=to_limit,
        nic_limit=nic_limit or DOCUMENTED_LIMIT,
        claims=held.claims,
    )
    return _answer(room, held.inventory, as_json=as_json)


def _judge(
    rules: Path,
    plan: Path | None,
    inventory: Path | None,
    history: Path | None,
    account: tuple[str | None, str | None],
    *,
    as_json: bool,
    markdown: bool,
) -> int:
    from zecnb.capacity.checking import check as judge
    from zecnb.capacity.observations import past_only, read_history_file
    from zecnb.capacity.rules import read_rules

    limits = read_rules(rules)  # mistakes in files are said before the account is read
    past = None if history is None else past_only(read_history_file(history))
    held, stored = _look(plan, inventory, account, remember=True)
    checked = judge(held, limits, stored if past is None else past)
    print(checked.json() if as_json else checked.markdown() if markdown else checked.text())
    return checked.exit_code


def _look(
    plan: Path | None, inventory: Path | None, account: tuple[str | None, str | None], **options: Any
) -> tuple[Scenario[Inventory], Any]:
    """Return what is held, with its claims and after the plan, and the stored history."""
    from zecnb.inventory import Inventory
    from zecnb.planner.plan import Plan

    change = None if plan is None else Plan.load(plan)
    if inventory is not None:
        scenario, past = Inventory.load(inventory).what_if(claims=_claims(account[0])), None
    else:
        with open_session(*account) as zec:
            scenario = zec.inventory(**options).what_if(claims=zec.claims.list())
            past = zec.history().frame()
    return scenario if change is None else scenario.apply(change), past


def _claims(endpoint: str | None) -> pd.DataFrame | None:
    """Return what the store knows is claimed; says on stderr whose claims that are, or that there is no store.

    Raises:
        JournalError: the store that ``ZECNB_STORE`` names cannot be read.
    """
    from zecnb.connections import stored_claims
    from zecnb.render.cells import plain, plural

    claims = None
    try:
        account, claims = stored_claims(endpoint)
        said = f"{plural(len(claims), 'claim')} of {account} in the store"
    except (OSError, JournalError) as error:
        if os.environ.get("ZECNB_STORE"):
            raise
        said = f"claims are not known, there is no store ({error}): name one in ZECNB_STORE"
    print(f"zecnb: {plain(said)}", file=sys.stderr)
    return claims


def _answer(room: Headroom, held: Inventory, *, as_json: bool) -> int:
    """Print whether it fits, and return the exit code."""
    from zecnb.capacity.freshness import read_ago
    from zecnb.render.cells import plain, plural

    good = room.fits and not held.missing
    if as_json:
        numbers = {"wanted": room.wanted, "short": room.short, "over_limit": room.over_limit}
        read = {"observed_at": room.observed_at.isoformat()}
        print_json({"ok": good, **numbers, **read, "subnets": room.frame, "partial": held.partial})
    else:
        print_table(room.frame[_SHOWN])
        over = [f"{plural(room.over_limit, 'vNIC')} beyond the limit"] if room.over_limit else []
        said = [f"{int(room.frame['free'].sum()):,} free", f"{room.wanted:,} needed", *over, *held.missing]
        print(f"{'yes' if good else 'no'}: {plain(', '.join(said))}{read_ago(room.observed_at)}")
    return 0 if good else FAILED
