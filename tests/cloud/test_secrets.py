"""Keys, passwords and tokens appear nowhere: not in reprs, pickles, errors, logs or addresses."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import pprint
import subprocess
import sys
import traceback
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cloud.scripted import (
    KEY_ID,
    NICS,
    NOWHERE,
    PASSWORD,
    TOKEN,
    Script,
    connected,
    failed,
    ok,
    vpcs,
)
from zecnb.cloud.auth import BearerAuth, Secret, Zc2Auth
from zecnb.cloud.client import Client
from zecnb.cloud.reader import read_inventory
from zecnb.cloud.settings import Settings, resolve
from zecnb.emulator import Emulator
from zecnb.errors import CloudError, ZecnbError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HALVES = [text[:12] for text in (PASSWORD, TOKEN)]
CREDENTIALS = [
    pytest.param({"access_key_id": KEY_ID, "access_key_password": PASSWORD}, id="access key"),
    pytest.param({"token": TOKEN}, id="token"),
]


def shows_nothing(text: str) -> bool:
    """Whether a text has no key, password, token, or first part of one."""
    return not any(secret in text for secret in (KEY_ID, PASSWORD, TOKEN, *HALVES))


@pytest.fixture(params=CREDENTIALS)
def settings(request: pytest.FixtureRequest) -> Settings:
    """Settings with an access key, and with a token."""
    return resolve(**request.param, endpoint=NOWHERE, environ={})


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """A client with these settings and one VPC."""
    with Client(settings, transport=httpx.MockTransport(Script(vpcs(0, 1, 1)))) as client:
        yield client


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that any logger says at DEBUG, with all that was handed to it."""
    said = io.StringIO()

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.write(f"{record.name} {record.getMessage()} {vars(record)!r}\n")
            if record.exc_info:
                said.write("".join(traceback.format_exception(*record.exc_info)))

    handler = Everything(level=1)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield said
    root.setLevel(before)
    root.removeHandler(handler)


# -- objects ---------------------------------------------------------------------------------------------------------

SHOWN: list[Callable[[Any], str]] = [repr, str, "{}".format, "{!r}".format, pprint.pformat, ascii]


@pytest.mark.parametrize("show", SHOWN)
def test_secret_shows_stars(show: Callable[[Any], str]) -> None:
    """However a secret is turned into text, only ``reveal`` gives it."""
    secret = Secret(PASSWORD)
    assert show(secret) == "Secret(***)"
    assert secret.reveal() == PASSWORD


def test_secret_has_no_attribute_with_the_text() -> None:
    """Nothing that lists an object's attributes comes across the text."""
    secret = Secret(PASSWORD)
    assert not hasattr(secret, "__dict__")
    assert shows_nothing(repr([getattr(secret, name) for name in dir(secret) if name != "reveal"]))


@pytest.mark.parametrize("spread", [pickle.dumps, copy.copy, copy.deepcopy])
def test_secret_does_not_spread(spread: Callable[[Any], Any]) -> None:
    """A secret is neither pickled nor copied."""
    with pytest.raises(TypeError, match="a secret cannot be pickled or copied"):
        spread(Secret(PASSWORD))


def test_secret_is_no_json() -> None:
    """A secret does not get into JSON by way of its text."""
    with pytest.raises(TypeError):
        json.dumps({"password": Secret(PASSWORD)})
    assert shows_nothing(json.dumps({"password": Secret(PASSWORD)}, default=str))


@pytest.mark.parametrize("show", SHOWN)
def test_settings_auth_and_client_show_nothing(settings: Settings, client: Client, show: Callable[[Any], str]) -> None:
    """Settings, their auth, a client and the HTTP client in it show no credential, alone or in other objects."""
    for thing in (
        settings,
        settings.auth,
        client,
        client._lanes.first,
        [settings],
        {"auth": settings.auth},
        vars(client),
    ):
        assert shows_nothing(show(thing))


def test_settings_say_what_they_are(settings: Settings) -> None:
    """What settings do show is where, and with what kind of credentials."""
    assert f"base_url='{NOWHERE}'" in repr(settings)
    assert "source='arguments'" in repr(settings)
    assert ("Zc2Auth(access key)" in repr(settings)) != ("BearerAuth(token)" in repr(settings))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_refuses(settings: Settings, client: Client, protocol: int) -> None:
    """Settings, auth and client are not pickled by any protocol: a worker gets no credentials by accident."""
    for thing in (settings, settings.auth, client):
        with pytest.raises((TypeError, pickle.PicklingError)):
            pickle.dumps(thing, protocol)


def test_copies_refuse(settings: Settings) -> None:
    """Turning settings into a dict copies what is in them, and a secret is not copied."""
    with pytest.raises(TypeError):
        dataclasses.asdict(settings)
    with pytest.raises(TypeError):
        copy.deepcopy(settings.auth)


@pytest.mark.parametrize("auth", [Zc2Auth(KEY_ID, Secret(PASSWORD)), BearerAuth(Secret(TOKEN))])
def test_signed_request_shows_nothing(auth: httpx.Auth) -> None:
    """A request that carries credentials shows neither them nor its Authorization header."""
    request = httpx.Request("POST", NOWHERE, headers={"content-type": "application/json"}, content=b"{}")
    signed = next(auth.auth_flow(request))
    for thing in (signed, signed.headers, signed.url, signed.extensions):
        assert shows_nothing(repr(thing))
        assert "Signature=" not in repr(thing)


# -- on the wire -----------------------------------------------------------------------------------------------------


def test_url_and_body_carry_nothing(settings: Settings) -> None:
    """Only the Authorization header carries anything, and never the password: not URL, body or other headers."""
    script = Script(ok({"totalCount": 0, "dataSet": []}))
    with Client(settings, transport=httpx.MockTransport(script)) as client:
        read_inventory(client)
        client.unassign_network_interface_ipv4("n", ["10.0.0.9"])
    assert len(script.requests) == 6
    for request in script.requests:
        assert shows_nothing(str(request.url))
        assert shows_nothing(request.content.decode())
        headers = dict(request.headers)
        assert PASSWORD not in headers.pop("authorization")
        assert shows_nothing(repr(headers))


def test_credentials_do_not_follow_a_redirect(settings: Settings) -> None:
    """A redirect is not followed: no other host sees a token or a signature."""
    script = Script(httpx.Response(307, headers={"location": "https://elsewhere.test/"}))
    with Client(settings, transport=httpx.MockTransport(script)) as client, pytest.raises(CloudError):
        client.describe_vpcs()
    assert [request.url.host for request in script.requests] == ["127.0.0.1"]


def test_loopback_token_is_not_given_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain HTTP with a token goes straight to loopback, even where the environment names a proxy."""
    with Emulator("empty") as proxy, Emulator("empty") as emulator:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with Client(resolve(token=emulator.token, endpoint=emulator.url)) as client:
            assert client.describe_vpcs().complete
        assert emulator.faults.calls["DescribeVpcs"] == 1


# -- errors ----------------------------------------------------------------------------------------------------------

TROUBLE = [
    failed(401, "AUTHFAILURE_SIGNATURE_FAILURE"),
    failed(500, "INTERNAL_SERVER_ERROR"),
    failed(429, "REQUEST_LIMIT_EXCEEDED", retry_after="0"),
    httpx.Response(403, headers={"cf-mitigated": "challenge"}),
    httpx.Response(200, html="<html>"),
    httpx.Response(200, content=b'{"requestId"'),
    ok({"totalCount": 1, "ipAddresses": 7}),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
]


def told(error: BaseException) -> str:
    """Return all that an error, and whatever caused it, tells: text, attributes, traceback, pickle.

    Causes are pickled too: Dask's workers have a library that does so for every error they send.
    """
    parts = []
    seen: BaseException | None = error
    while seen is not None:
        parts += [str(seen), repr(seen), repr(seen.args), repr(vars(seen))]
        parts.append(pickle.dumps(vars(seen)).decode("latin-1"))
        seen = seen.__cause__ or seen.__context__
    parts += traceback.format_exception(error)
    return "\n".join(parts) + pickle.dumps(error).decode("latin-1")


@pytest.mark.usefixtures("quick_retries")
@pytest.mark.parametrize("trouble", TROUBLE)
def test_errors_tell_nothing(settings: Settings, trouble: httpx.Response | Exception, logged: io.StringIO) -> None:
    """No error of a read or a write, nor what caused it, nor what is logged meanwhile, has a credential in it."""
    with Client(settings, transport=httpx.MockTransport(Script(trouble)), attempts=3) as client:
        with pytest.raises(CloudError) as read:
            client.describe_vpcs()
        assert shows_nothing(told(read.value))
        with pytest.raises(CloudError) as write:
            client.batch_assign_network_interface_ipv4("n", ip_address_count=1)
        assert shows_nothing(told(write.value))
    assert "took" in logged.getvalue()
    assert shows_nothing(logged.getvalue())


@pytest.mark.parametrize(
    "arguments",
    [
        {"access_key_id": KEY_ID},
        {"access_key_password": PASSWORD},
        {"access_key_id": KEY_ID + "\n\n" + KEY_ID, "access_key_password": PASSWORD},
        {"token": TOKEN + "\x00"},
        {"token": TOKEN, "endpoint": "http://zec.test"},
        {"token": TOKEN, "endpoint": f"https://{KEY_ID}:{PASSWORD}@zec.test"},
        {"token": TOKEN, "endpoint": f"ftp://{KEY_ID}:{PASSWORD}@zec.test"},
        {"token": TOKEN, "endpoint": f"https://{KEY_ID}:{PASSWORD}@zec.test:port"},
    ],
)
def test_refused_settings_tell_nothing(arguments: dict[str, str]) -> None:
    """Arguments that are refused are not repeated."""
    with pytest.raises(ZecnbError) as caught:
        resolve(**arguments, environ={})
    assert shows_nothing(str(caught.value) + repr(caught.value))


@pytest.mark.parametrize(
    "content",
    [
        f'{{"default": {{"token": "{TOKEN}"',
        f'{{"default": {{"token": "{TOKEN}\n"}}}}',
        json.dumps({"default": {"access_key_id": KEY_ID}}),
        json.dumps({"default": TOKEN}),
        json.dumps({"default": [KEY_ID, PASSWORD]}),
        json.dumps({"default": {"token": TOKEN + "\n" + TOKEN}}),
    ],
)
def test_refused_file_tells_nothing(tmp_path: Path, content: str) -> None:
    """A credentials file that cannot be used is not quoted: not in the text, not in the printed traceback."""
    folder = tmp_path / ".zenlayer"
    folder.mkdir()
    (folder / "credentials.json").write_text(content, encoding="utf-8")
    with pytest.raises(ZecnbError) as caught:
        resolve(environ={}, home=tmp_path)
    assert shows_nothing("".join(traceback.format_exception(caught.value)))


def test_environment_tells_nothing() -> None:
    """Half an access key in the environment is named by its variables, not by what they hold."""
    for variables in ({"ZENLAYER_ACCESS_KEY_SECRET": PASSWORD}, {"ZENLAYERCLOUD_ACCESS_KEY_ID": KEY_ID}):
        with pytest.raises(ZecnbError) as caught:
            resolve(environ=variables)
        assert shows_nothing(str(caught.value))


# -- logs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["key", "token"])
def test_logs_of_a_real_session(logged: io.StringIO, capfd: pytest.CaptureFixture[str], kind: str) -> None:
    """Over HTTP, with every logger of the process at DEBUG, neither logs nor the terminal show credentials."""
    with Emulator("random:3:5", access_key_id=KEY_ID, access_key_password=PASSWORD, token=TOKEN) as emulator:
        emulator.faults.add("error", NICS)
        emulator.faults.add("reset_after", "DescribeVpcs")
        keys = {"access_key_id": KEY_ID, "access_key_password": PASSWORD} if kind == "key" else {"token": TOKEN}
        with Client(resolve(**keys, endpoint=emulator.url)) as client:
            inventory = read_inventory(client)
            client.batch_assign_network_interface_ipv4(inventory.nics["nic_id"].iloc[0], ip_address_count=1)
        assert shows_nothing(repr(emulator))
    said = logged.getvalue()
    for logger in ("zecnb ", "stamina ", "httpx ", "httpcore."):
        assert f"\n{logger}" in said, f"nothing of {logger} was logged"
    assert shows_nothing(said)
    assert "Signature=" not in said
    assert "Bearer" not in said
    assert shows_nothing("".join(capfd.readouterr()))


def test_logging_is_silent_by_default() -> None:
    """Who configures no logging sees none, retries included."""
    program = (
        "import httpx, stamina\n"
        "from zecnb.cloud.client import Client\n"
        "from zecnb.cloud.settings import resolve\n"
        "stamina.set_testing(True, attempts=3)\n"
        "transport = httpx.MockTransport(lambda _: httpx.Response(500))\n"
        f"client = Client(resolve(token='{TOKEN}', endpoint='{NOWHERE}'), transport=transport)\n"
        "try:\n    client.describe_vpcs()\nexcept Exception as error:\n    print(type(error).__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("ProtocolError\n", "")


def test_inventory_carries_nothing() -> None:
    """What is read over HTTP can be pickled and shown without credentials of who read it."""
    with Emulator("random:3:5", access_key_id=KEY_ID, access_key_password=PASSWORD, token=TOKEN) as emulator:
        with connected(emulator) as client:
            inventory = read_inventory(client)
        assert shows_nothing(repr(inventory) + inventory._repr_html_())
        assert shows_nothing(pickle.dumps(inventory).decode("latin-1"))
