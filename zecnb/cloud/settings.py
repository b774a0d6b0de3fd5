"""Credentials and endpoint from arguments, environment and profile files (contract.md 8).

Each item comes from the first place that has it: argument, environment, profile file. Credentials are taken whole
from one place, since half an access key from one and half from another is never meant. Within one place a token wins
over an access key, as in the vendor's command line.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from zecnb.cloud.auth import BearerAuth, Secret, Zc2Auth
from zecnb.errors import CredentialsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_HOST", "Settings", "account_of", "resolve"]

DEFAULT_HOST = "console.zenlayer.com"

_KEYS = (
    ("ZENLAYERCLOUD_ACCESS_KEY_ID", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD"),
    ("ZENLAYER_ACCESS_KEY_ID", "ZENLAYER_ACCESS_KEY_SECRET"),
)
_TOKEN = "ZENLAYER_TOKEN"  # noqa: S105 - the name of a variable
_PROFILE = "ZENLAYER_PROFILE"
_HOST = re.compile(rb"[A-Za-z0-9._:-]+")


@dataclass(frozen=True)
class Settings:
    """Where to call and as whom; its repr shows no secret.

    Attributes:
        base_url: scheme, host and port.
        auth: signs or presents a token.
        account: host and port that are called.
        source: where the credentials came from, for people.
    """

    base_url: str
    auth: httpx.Auth
    account: str
    source: str


def resolve(
    *,
    access_key_id: str | None = None,
    access_key_password: str | None = None,
    token: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
    environ: Mapping[str, str] | None = None,
    home: Path | None = None,
) -> Settings:
    """Find credentials and endpoint.

    Args:
        access_key_id: id of an access key.
        access_key_password: its password.
        token: a personal access token, instead of an access key.
        endpoint: host, host:port or URL.
        profile: profile of the credentials file; naming one makes it the place to look first after arguments.
        environ: ``os.environ`` by default.
        home: the user's home folder by default.

    Raises:
        CredentialsError: nothing usable was found; lists what was looked for.
        UsageError: half an access key, or an endpoint that cannot be used.
    """
    variables = os.environ if environ is None else environ
    base_url = _base_url(endpoint, variables)
    looked: list[str] = []
    auth, source = (
        _from_arguments(access_key_id, access_key_password, token, looked)
        or (_from_profile(profile, variables, home, looked) if profile else None)
        or _from_environment(variables, looked)
        or (_from_profile(None, variables, home, looked) if not profile else None)
        or (None, "")
    )
    if auth is None:
        raise CredentialsError(
            "\n- ".join(["no ZEC credentials. Give them in one of these ways; all were looked for:", *looked])
            + "\nTo try zecnb without an account use zecnb.demo()."
        )
    return Settings(base_url, auth, _label(base_url), source)


def account_of(endpoint: str | None = None) -> str:
    """Return what ``Settings.account`` would be, without credentials.

    Raises:
        UsageError: an endpoint that cannot be used.
    """
    return _label(_base_url(endpoint, os.environ))


def _label(base_url: str) -> str:
    return httpx.URL(base_url).netloc.decode()


_Found = tuple[httpx.Auth, str] | None


def _from_arguments(key_id: str | None, password: str | None, token: str | None, looked: list[str]) -> _Found:
    looked.append("arguments access_key_id with access_key_password, or token")
    return _auth("arguments", token, key_id, password)


def _from_environment(variables: Mapping[str, str], looked: list[str]) -> _Found:
    for key_name, password_name in _KEYS:
        looked.append(f"environment {key_name} with {password_name}")
    looked.append(f"environment {_TOKEN}")
    found = _auth("environment", variables.get(_TOKEN), None, None)
    if found is not None:
        return found
    for key_name, password_name in _KEYS:
        found = _auth(f"environment {key_name}", None, variables.get(key_name), variables.get(password_name))
        if found is not None:
            return found[0], "environment"
    return None


def _from_profile(profile: str | None, variables: Mapping[str, str], home: Path | None, looked: list[str]) -> _Found:
    folder = (home or Path.home()) / ".zenlayer"
    name = profile or variables.get(_PROFILE) or _current_profile(folder) or "default"
    path = folder / "credentials.json"
    looked.append(f"profile {name!r} of ~/.zenlayer/credentials.json")
    profiles = _read_json(path)
    entry = profiles.get(name)
    if not isinstance(entry, dict):
        if profile is not None:
            there = ", ".join(sorted(map(str, profiles))) or "none"
            raise CredentialsError(f"~/.zenlayer/credentials.json has no profile {profile!r}; there are: {there}")
        return None
    values = {key: value for key, value in entry.items() if isinstance(value, str)}
    found = _auth(
        f"profile {name!r}", values.get("token"), values.get("access_key_id"), values.get("access_key_secret")
    )
    if found is None and profile is not None:  # another account's would be the wrong ones
        raise CredentialsError(
            f"profile {profile!r} of ~/.zenlayer/credentials.json holds neither access key nor token"
        )
    return found and (found[0], f"profile {name}")


def _current_profile(folder: Path) -> str | None:
    current = _read_json(folder / "config.json").get("current_profile")
    return current if isinstance(current, str) else None


def _read_json(path: Path) -> dict[str, object]:
    """Read one of the command line's files; none is an empty one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        # The text of a JSON error quotes nothing of the file, its place is enough.
        place = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CredentialsError(f"~/.zenlayer/{path.name} cannot be read{place}") from None
    return content if isinstance(content, dict) else {}


def _auth(where: str, token: str | None, key_id: str | None, password: str | None) -> _Found:
    token, key_id, password = ((text or "").strip() for text in (token, key_id, password))
    if token:
        return BearerAuth(Secret(_header_safe(token, where))), where
    if not key_id and not password:
        return None
    if not key_id or not password:
        missing = "password" if key_id else "id"
        raise UsageError(f"{where}: the access key's {missing} is missing; both are needed")
    return Zc2Auth(_header_safe(key_id, where), Secret(password)), where


def _header_safe(text: str, where: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise UsageError(f"{where}: a credential has characters that no HTTP header can carry")
    return text


def _base_url(endpoint: str | None, variables: Mapping[str, str]) -> str:
    scheme = variables.get("ZENLAYERCLOUD_SCHEME", "").lower() or "https"
    where = (
        endpoint or variables.get("ZENLAYERCLOUD_DOMAIN") or variables.get("ZENLAYER_ENDPOINT") or DEFAULT_HOST
    ).strip()
    if "@" in where:  # not shown: there may be a password in it
        raise UsageError("the endpoint is a host, host:port or URL without path, user or query")
    text = where if "://" in where else f"{scheme}://{where}"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UsageError(f"endpoint {where!r} is not a host, host:port or URL: {error}") from None
    port_is_one = url.port is None or 0 < url.port < 65536
    if url.scheme not in ("http", "https") or not _HOST.fullmatch(url.raw_host) or not port_is_one:
        raise UsageError(f"endpoint {where!r} is not a host, host:port or URL")
    if url.path not in ("", "/") or url.query or url.fragment:
        raise UsageError("the endpoint is a host, host:port or URL without path, user or query")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise UsageError(f"plain HTTP goes to loopback only, not to {url.host}; use https")
    return str(url.copy_with(path="")).rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
