"""A local NetBox: the two listings that are read, with its paging, its tokens and its words for errors."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

TOKEN = "0123456789abcdef0123456789abcdef01234567"
LARGEST_PAGE = 7


class NetBox:
    """Holds records and counts what it was asked.

    Attributes:
        addresses, prefixes: records as ``/api/ipam/ip-addresses/`` and ``/api/ipam/prefixes/`` show them.
        asked: path and query of each request.
        broken: answers with a page that is no JSON.
    """

    def __init__(self) -> None:
        self.addresses: list[dict[str, Any]] = []
        self.prefixes: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.broken = False

    def add_address(self, address: str, description: str = "", vrf: str | None = None) -> None:
        """Add an address with its prefix length."""
        self.addresses.append(self._record(len(self.addresses), vrf, address=address, description=description))

    def add_prefix(self, prefix: str, status: str = "active", description: str = "", vrf: str | None = None) -> None:
        """Add a prefix."""
        record = self._record(len(self.prefixes), vrf, prefix=prefix, description=description)
        self.prefixes.append({**record, "status": {"value": status, "label": status.title()}})

    @staticmethod
    def _record(number: int, vrf: str | None, **fields: str) -> dict[str, Any]:
        place = None if vrf is None else {"id": 1, "url": "/api/ipam/vrfs/1/", "display": vrf, "name": vrf, "rd": None}
        six = ":" in next(iter(fields.values()))
        family = {"value": 6, "label": "IPv6"} if six else {"value": 4, "label": "IPv4"}
        status = {"value": "active", "label": "Active"}
        return {"id": number + 1, "family": family, "vrf": place, "status": status, "tags": [], **fields}

    def list(self, request: Request) -> Response:
        """Answer one page."""
        self.asked.append(f"{request.url.path}?{request.url.query}")
        if self.broken:
            return PlainTextResponse("<html>hello</html>")
        if request.headers.get("authorization") != f"Token {TOKEN}":
            return JSONResponse({"detail": "Invalid token"}, 403)
        records = self.addresses if "ip-addresses" in request.url.path else self.prefixes
        if family := request.query_params.get("family"):
            records = [each for each in records if each["family"]["value"] == int(family)]
        limit = min(int(request.query_params.get("limit", 50)) or LARGEST_PAGE, LARGEST_PAGE)
        start = int(request.query_params.get("offset", 0))
        more = start + limit < len(records)
        after = str(request.url.include_query_params(limit=limit, offset=start + limit)) if more else None
        page = records[start : start + limit]
        return JSONResponse({"count": len(records), "next": after, "previous": None, "results": page})


@contextmanager
def running(netbox: NetBox) -> Iterator[str]:
    """Serve it on a free port of loopback; gives its URL."""
    paths = ("/api/ipam/ip-addresses/", "/api/ipam/prefixes/")
    app = Starlette(routes=[Route(path, netbox.list) for path in paths])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="off"))
    socket = server.config.bind_socket()
    socket.listen()  # who comes before the server does waits
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
