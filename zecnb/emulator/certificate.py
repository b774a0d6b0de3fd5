"""A certificate made on the spot, for clients that insist on TLS."""

from __future__ import annotations

import socket
import tempfile
from pathlib import Path
from typing import NamedTuple

__all__ = ["Certificate", "make_certificate"]


_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - addresses to listen at, no names of a host


class Certificate(NamedTuple):
    """Files of a certificate.

    Attributes:
        authority: what clients are told to trust.
        chain: the server's certificate.
        key: its private key.
    """

    authority: Path
    chain: Path
    key: Path


def make_certificate(host: str) -> Certificate:
    """Make an authority and a certificate for loopback and ``host``, in a folder only this user can read.

    Raises:
        ValueError: the extra ``tls`` is not installed.
    """
    try:
        import trustme
    except ImportError as error:
        raise ValueError("TLS needs the package trustme: pip install 'zecnb[tls]'") from error
    names = {"localhost", "127.0.0.1", "::1", socket.gethostname() or "localhost", host} - set(_EVERYWHERE)
    folder = Path(tempfile.mkdtemp(prefix="zec-emulator-tls-"))
    made = Certificate(folder / "authority.pem", folder / "chain.pem", folder / "key.pem")
    authority = trustme.CA(organization_name="zecnb emulator")
    server = authority.issue_cert(*sorted(names))
    authority.cert_pem.write_to_path(made.authority)
    for blob in server.cert_chain_pems:
        blob.write_to_path(made.chain, append=True)
    made.key.touch(0o600)
    server.private_key_pem.write_to_path(made.key)
    return made
