"""Signatures: the worked vectors, and the official SDK's own signer for everything else."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cloud.scripted import KEY_ID, PASSWORD, TOKEN, connected
from zecnb.cloud.auth import BearerAuth, Secret, Zc2Auth, sign
from zecnb.cloud.settings import resolve
from zecnb.emulator import Emulator
from zecnb.errors import AuthError

if TYPE_CHECKING:
    from collections.abc import Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the SDK's own code
    from zenlayercloud.common.abstract_client import AbstractClient
    from zenlayercloud.common.config import Config
    from zenlayercloud.common.credential import Credential, TokenCredential
    from zenlayercloud.common.request import BaseRequest

VECTOR_ID = "FAKE-ACCESS-KEY-ID-0001"
VECTOR_PASSWORD = "FAKE-ACCESS-KEY-PASSWORD-do-not-use"
VECTOR_TIME = "1764000000"
BODY = b'{"nicId": "1272168087751233112", "ipAddresses": ["10.0.0.3", "10.0.0.4"]}'
BODY_HASH = "fb345b3089d5e6d7028496650557c6bfc366cd4a5c20af1fe8a02ad600bd12a5"
CONSOLE = "console.zenlayer.com"
VECTORS = [
    pytest.param(
        CONSOLE,
        BODY,
        BODY_HASH,
        "88f46aacd88ac0a2a0aa1ce812146e99ea516e043f85f616574665e06c608a96",
        id="a batch assign",
    ),
    pytest.param(
        "127.0.0.1:8080",
        BODY,
        BODY_HASH,
        "729676ffff8c5660b299ca0fe36c0030ff5f5a4eef7909e5c5b1c435a2224b12",
        id="a host with a port",
    ),
    pytest.param(
        CONSOLE,
        b"{}",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "758ea519447bd3092957d54b0574caaf29d52c1c1af078d7eaea66ac16845fa9",
        id="an empty object",
    ),
    pytest.param(
        CONSOLE,
        rb'{"name": "\u6d4b\u8bd5-nic"}',
        "c2e4c50c750366745c2159282237b077a8aa9a7c0dc0b2049e321c5102e335d7",
        "1c45e396484c975e14e48181c9c5656cf57e8739c8f60e5ae5d1c17d82c68c3d",
        id="a name that is not ASCII",
    ),
]


@pytest.mark.parametrize(("host", "body", "payload", "signature"), VECTORS)
def test_vectors(host: str, body: bytes, payload: str, signature: str) -> None:
    """The worked vectors of contract.md 2.2 come out to the last digit."""
    assert hashlib.sha256(body).hexdigest() == payload
    got = sign(password=VECTOR_PASSWORD, timestamp=VECTOR_TIME, content_type="application/json", host=host, body=body)
    assert got == signature


@pytest.mark.parametrize(("host", "body", "payload", "signature"), VECTORS)
def test_vectors_as_requests(host: str, body: bytes, payload: str, signature: str) -> None:
    """The headers of a whole request are those of the worked vectors."""
    assert len(payload) == 64
    auth = Zc2Auth(VECTOR_ID, Secret(VECTOR_PASSWORD), clock=lambda: float(VECTOR_TIME))
    request = _request(host, "application/json", body)
    signed = next(auth.auth_flow(request))
    assert signed.headers["authorization"] == (
        f"ZC2-HMAC-SHA256 Credential={VECTOR_ID}, SignedHeaders=content-type;host, Signature={signature}"
    )
    assert signed.headers["x-zc-timestamp"] == VECTOR_TIME
    assert signed.headers["x-zc-signature-method"] == "ZC2-HMAC-SHA256"


def test_sample_body_is_73_bytes() -> None:
    """The first vector's body is the one that was signed."""
    assert len(BODY) == 73


# -- against the official SDK ----------------------------------------------------------------------------------------

_visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
_header = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)
_passwords = st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip()))
_times = st.integers(0, 1 << 40)


@given(_visible, _passwords, _times, _header, _header, st.text(max_size=200))
def test_same_as_the_sdk(key_id: str, password: str, time: int, content_type: str, host: str, body: str) -> None:
    """Random keys, times, header values and bodies: our Authorization is the official SDK's."""
    auth = resolve(access_key_id=key_id, access_key_password=password, environ={}).auth
    assert isinstance(auth, Zc2Auth)
    auth._clock = lambda: time + 0.75
    signed = next(auth.auth_flow(_request(host, content_type, body.encode())))
    assert signed.headers["authorization"] == _sdk_authorization(key_id, password, time, content_type, host, body)
    assert signed.headers["x-zc-timestamp"] == str(time)


@given(_passwords, st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
def test_same_signature_as_the_sdk(password: str, timestamp: str, content_type: str, host: str, body: str) -> None:
    """Text that no header could carry is signed as the official SDK signs it too."""
    ours = sign(
        password=password.strip(), timestamp=timestamp, content_type=content_type, host=host, body=body.encode()
    )
    assert _sdk_authorization("id", password, timestamp, content_type, host, body).endswith(f"Signature={ours}")


@given(_visible)
def test_same_bearer_as_the_sdk(token: str) -> None:
    """A token is presented as the official SDK presents it."""
    auth = resolve(token=token, environ={}).auth
    sent = next(auth.auth_flow(_request(CONSOLE, "application/json", b"{}")))
    assert sent.headers["authorization"] == f"Bearer {TokenCredential(token).token}"


def _sdk_authorization(key_id: str, password: str, time: int | str, content_type: str, host: str, body: str) -> str:
    client = AbstractClient(Credential(key_id, password), Config(domain="sdk.test"))
    request = BaseRequest(host=host, method="POST", uri="/api/v2/zec", header={"x-zc-timestamp": str(time)}, data=body)
    request.set_host(host)
    request.set_content_type(content_type)
    return client._build_zc2_authorization(request)


def _request(host: str, content_type: str, body: bytes) -> httpx.Request:
    headers = {"host": host, "content-type": content_type}
    return httpx.Request("POST", "https://elsewhere.test/api/v2/zec", headers=headers, content=body)


# -- the generators without a client ---------------------------------------------------------------------------------


def test_flow_ends_after_one_request() -> None:
    """A signed request is sent once: an answer of 401 does not make the flow send another."""
    flow = Zc2Auth(KEY_ID, Secret(PASSWORD)).auth_flow(_request(CONSOLE, "application/json", b"{}"))
    request = next(flow)
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(401, request=request))


def test_bearer_flow_ends_after_one_request() -> None:
    """A token is presented once, without a timestamp or signature method (contract.md 2.3)."""
    flow = BearerAuth(Secret(TOKEN)).auth_flow(_request(CONSOLE, "application/json", b"{}"))
    request = next(flow)
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert not [name for name in request.headers if name.startswith("x-zc-")]
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(401, request=request))


def test_streamed_body_is_signed() -> None:
    """A body that comes in pieces is read before it is signed."""

    def pieces() -> Iterator[bytes]:
        yield BODY[:10]
        yield BODY[10:]

    headers = {"host": CONSOLE, "content-type": "application/json"}
    request = httpx.Request("POST", "https://elsewhere.test/", headers=headers, content=pieces())
    auth = Zc2Auth(VECTOR_ID, Secret(VECTOR_PASSWORD), clock=lambda: float(VECTOR_TIME))
    signed = next(auth.sync_auth_flow(request))
    assert signed.headers["authorization"].endswith("88f46aacd88ac0a2a0aa1ce812146e99ea516e043f85f616574665e06c608a96")


def test_each_flow_reads_the_clock() -> None:
    """A request that is made again is signed again, with the time of then."""
    times = iter([1.0, 2.0])
    auth = Zc2Auth(KEY_ID, Secret(PASSWORD), clock=lambda: next(times))
    request = _request(CONSOLE, "application/json", b"{}")
    first = next(auth.auth_flow(request)).headers["authorization"]
    second = next(auth.auth_flow(request)).headers["authorization"]
    assert first != second
    assert request.headers["x-zc-timestamp"] == "2"


def test_action_and_path_are_not_signed() -> None:
    """The signature covers content type, host, body and time only (contract.md 1)."""
    auth = Zc2Auth(KEY_ID, Secret(PASSWORD), clock=lambda: 1.0)
    plain = _request(CONSOLE, "application/json", b"{}")
    other = _request(CONSOLE, "application/json", b"{}")
    other.headers["x-zc-action"] = "DescribeVpcs"
    assert next(auth.auth_flow(plain)).headers["authorization"] == next(auth.auth_flow(other)).headers["authorization"]


# -- accepted and refused --------------------------------------------------------------------------------------------


def test_emulator_accepts_key_and_token() -> None:
    """A verifier that shares no code with the signer lets both kinds of credentials pass, over HTTP."""
    with Emulator("empty") as emulator:
        for given_ in (
            {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password},
            {"token": emulator.token},
        ):
            settings = resolve(**given_, endpoint=emulator.url)
            with httpx.Client(base_url=settings.base_url, auth=settings.auth) as http:
                headers = {
                    "content-type": "application/json; charset=utf-8",
                    "x-zc-action": "DescribeVpcs",
                    "x-zc-version": "2025-09-01",
                }
                answer = http.post("/api/v2/zec", content=json.dumps({"pageSize": 1}), headers=headers)
            assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"access_key_id": "nobody"}, "AUTHFAILURE_INVALID_AUTHORIZATION"),
        ({"access_key_password": "wrong"}, "AUTHFAILURE_SIGNATURE_FAILURE"),
        ({"token": "wrong"}, "AUTHFAILURE_INVALID_AUTHORIZATION"),
    ],
)
def test_wrong_credentials_are_auth_errors(wrong: dict[str, str], code: str) -> None:
    """A wrong id, password or token is an ``AuthError`` that says what to check, and is not tried again."""
    with Emulator("empty") as emulator:
        right = {"access_key_id": emulator.access_key_id, "access_key_password": emulator.access_key_password}
        from zecnb.cloud.client import Client

        with Client(resolve(**{**right, **wrong}, endpoint=emulator.url)) as client, pytest.raises(AuthError) as caught:
            client.describe_vpcs()
        assert emulator.faults.calls["DescribeVpcs"] == 0
    assert (caught.value.code, caught.value.http_status, caught.value.retryable) == (code, 401, False)
    assert caught.value.advice.startswith("Check")


def test_clock_that_is_off() -> None:
    """A clock more than five minutes off is an ``AuthError`` that says so."""
    with Emulator("empty", clock=lambda: 1764000000.0) as emulator, connected(emulator) as client:
        with pytest.raises(AuthError, match="clock") as caught:
            client.describe_vpcs()
        assert caught.value.code == "AUTHFAILURE_SIGNATURE_EXPIRED"
