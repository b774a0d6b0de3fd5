"""Where credentials and endpoint come from, what wins, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zecnb.cloud.auth import BearerAuth, Zc2Auth
from zecnb.cloud.settings import DEFAULT_HOST, Settings, resolve
from zecnb.errors import CredentialsError, UsageError, ZecnbError

TERRAFORM = {"ZENLAYERCLOUD_ACCESS_KEY_ID": "tf-id", "ZENLAYERCLOUD_ACCESS_KEY_PASSWORD": "tf-password"}
CLI = {"ZENLAYER_ACCESS_KEY_ID": "cli-id", "ZENLAYER_ACCESS_KEY_SECRET": "cli-password"}
TOKEN = {"ZENLAYER_TOKEN": "env-token"}
ARGUMENTS = {"access_key_id": "arg-id", "access_key_password": "arg-password"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with three profiles, none of them current."""
    write(
        tmp_path,
        {
            "default": {"access_key_id": "file-id", "access_key_secret": "file-password"},
            "ops": {"access_key_id": "ops-id", "access_key_secret": "ops-password"},
            "robot": {"access_key_id": "robot-id", "access_key_secret": "robot-password", "token": "robot-token"},
        },
    )
    return tmp_path


def write(home: Path, profiles: object, name: str = "credentials.json") -> None:
    """Write one of the command line's files; a text goes in as it is."""
    folder = home / ".zenlayer"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(profiles if isinstance(profiles, str) else json.dumps(profiles), encoding="utf-8")


def whose(settings: Settings) -> str:
    """Return the id of the access key, or the token, that requests would carry."""
    request = httpx.Request("POST", settings.base_url, headers={"content-type": "application/json"}, content=b"{}")
    header = next(settings.auth.auth_flow(request)).headers["authorization"]
    if isinstance(settings.auth, BearerAuth):
        return header.removeprefix("Bearer ")
    return header.split("Credential=")[1].split(",")[0]


def password(settings: Settings) -> str:
    """Return the password that requests would be signed with."""
    assert isinstance(settings.auth, Zc2Auth)
    return settings.auth._password.reveal()


# -- every source ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environ", "who", "source"),
    [
        pytest.param(ARGUMENTS, {}, "arg-id", "arguments", id="arguments"),
        pytest.param({"token": "arg-token"}, {}, "arg-token", "arguments", id="token argument"),
        pytest.param({}, TERRAFORM, "tf-id", "environment", id="names of the Terraform provider"),
        pytest.param({}, CLI, "cli-id", "environment", id="names of the command line"),
        pytest.param({}, TOKEN, "env-token", "environment", id="token in the environment"),
        pytest.param({}, {}, "file-id", "profile default", id="default profile"),
        pytest.param({}, {"ZENLAYER_PROFILE": "ops"}, "ops-id", "profile ops", id="profile in the environment"),
        pytest.param({"profile": "ops"}, {}, "ops-id", "profile ops", id="profile argument"),
        pytest.param({"profile": "robot"}, {}, "robot-token", "profile robot", id="token of a profile"),
    ],
)
def test_source(home: Path, arguments: dict[str, str], environ: dict[str, str], who: str, source: str) -> None:
    """Credentials are found in each place, and the place is said."""
    settings = resolve(**arguments, environ=environ, home=home)
    assert (whose(settings), settings.source) == (who, source)


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        (ARGUMENTS, {}, "arg-password"),
        ({}, TERRAFORM, "tf-password"),
        ({}, CLI, "cli-password"),
        ({}, {}, "file-password"),
    ],
)
def test_password_belongs_to_id(home: Path, arguments: dict[str, str], environ: dict[str, str], expected: str) -> None:
    """The password comes from the same place as the id, and is what requests are signed with."""
    assert password(resolve(**arguments, environ=environ, home=home)) == expected


def test_current_profile(home: Path) -> None:
    """Without a name the profile is the one that the command line's own configuration calls current."""
    write(home, {"current_profile": "ops", "profiles": {"ops": {"language": "en"}}}, "config.json")
    assert whose(resolve(environ={}, home=home)) == "ops-id"


def test_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the environment of the process and the user's home are looked at."""
    write(Path.home(), {"default": {"token": "home-token"}})
    assert whose(resolve()) == "home-token"
    monkeypatch.setenv("ZENLAYER_TOKEN", "process-token")
    assert whose(resolve()) == "process-token"


# -- what wins -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environ", "who"),
    [
        pytest.param(ARGUMENTS, TERRAFORM | CLI | TOKEN, "arg-id", id="arguments over environment"),
        pytest.param(ARGUMENTS | {"profile": "ops"}, {}, "arg-id", id="arguments over a named profile"),
        pytest.param({"profile": "ops"}, TERRAFORM | CLI | TOKEN, "ops-id", id="named profile over environment"),
        pytest.param({}, TERRAFORM | {"ZENLAYER_PROFILE": "ops"}, "tf-id", id="environment over profile"),
        pytest.param({}, TERRAFORM | CLI, "tf-id", id="Terraform's names over the command line's"),
        pytest.param({"profile": "ops"}, {"ZENLAYER_PROFILE": "robot"}, "ops-id", id="profile argument over variable"),
        pytest.param(ARGUMENTS | {"token": "arg-token"}, {}, "arg-token", id="token over key in arguments"),
        pytest.param({}, TERRAFORM | CLI | TOKEN, "env-token", id="token over key in the environment"),
        pytest.param({"profile": "robot"}, {}, "robot-token", id="token over key in a profile"),
    ],
)
def test_precedence(home: Path, arguments: dict[str, str], environ: dict[str, str], who: str) -> None:
    """Arguments, then a profile named by argument, then the environment, then profiles; in each a token first."""
    assert whose(resolve(**arguments, environ=environ, home=home)) == who


def test_variable_over_current_profile(home: Path) -> None:
    """``ZENLAYER_PROFILE`` wins over the current profile of the configuration."""
    write(home, {"current_profile": "ops"}, "config.json")
    assert whose(resolve(environ={"ZENLAYER_PROFILE": "robot"}, home=home)) == "robot-token"


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_empty_values_are_absent(home: Path, empty: str) -> None:
    """A variable or argument that is set to nothing is not set."""
    blank = dict.fromkeys([*TOKEN, *TERRAFORM], empty)
    assert whose(resolve(token=empty, access_key_id=empty, environ=blank | CLI, home=home)) == "cli-id"


def test_white_space_around_credentials_goes() -> None:
    """What was pasted with a line end is used without it, as in the official SDK."""
    settings = resolve(access_key_id=" id\n", access_key_password="\tpassword \n", environ={})
    assert (whose(settings), password(settings)) == ("id", "password")


# -- nothing usable --------------------------------------------------------------------------------------------------


def test_nothing_found(tmp_path: Path) -> None:
    """Without credentials the error lists every place that was looked at, and names the demo."""
    with pytest.raises(CredentialsError) as caught:
        resolve(environ={}, home=tmp_path)
    for place in (
        "access_key_id with access_key_password, or token",
        "ZENLAYERCLOUD_ACCESS_KEY_ID with ZENLAYERCLOUD_ACCESS_KEY_PASSWORD",
        "ZENLAYER_ACCESS_KEY_ID with ZENLAYER_ACCESS_KEY_SECRET",
        "ZENLAYER_TOKEN",
        "profile 'default' of ~/.zenlayer/credentials.json",
        "zecnb.demo()",
    ):
        assert place in str(caught.value)


def test_unknown_profile_argument(home: Path) -> None:
    """A profile that is asked for and does not exist is an error, whatever else could be used; it lists the others."""
    with pytest.raises(CredentialsError, match="no profile 'opps'; there are: default, ops, robot"):
        resolve(profile="opps", environ=TERRAFORM, home=home)


def test_profile_argument_without_file(tmp_path: Path) -> None:
    """A profile that is asked for where there is no file is an error too."""
    with pytest.raises(CredentialsError, match="no profile 'ops'; there are: none"):
        resolve(profile="ops", environ=TERRAFORM, home=tmp_path)


@pytest.mark.parametrize(
    "entry", [{}, {"language": "en"}, {"access_key_id": "", "access_key_secret": ""}, {"token": 7}]
)
def test_profile_argument_without_credentials(tmp_path: Path, entry: dict[str, Any]) -> None:
    """A profile that is asked for and holds no credentials is never replaced by another account's."""
    write(tmp_path, {"ops": entry})
    with pytest.raises(CredentialsError, match="profile 'ops'"):
        resolve(profile="ops", environ=TERRAFORM, home=tmp_path)


def test_unknown_profile_variable(home: Path) -> None:
    """A profile named by a variable that does not exist is said to have been looked for."""
    with pytest.raises(CredentialsError, match="profile 'opps'"):
        resolve(environ={"ZENLAYER_PROFILE": "opps"}, home=home)


@pytest.mark.parametrize(
    ("arguments", "environ", "missing"),
    [
        ({"access_key_id": "x"}, {}, "arguments: the access key's password"),
        ({"access_key_password": "x"}, {}, "arguments: the access key's id"),
        (
            {},
            {"ZENLAYERCLOUD_ACCESS_KEY_ID": "x"},
            "environment ZENLAYERCLOUD_ACCESS_KEY_ID: the access key's password",
        ),
        ({}, {"ZENLAYER_ACCESS_KEY_SECRET": "x"}, "environment ZENLAYER_ACCESS_KEY_ID: the access key's id"),
        ({"profile": "half"}, {}, "profile 'half': the access key's password"),
    ],
)
def test_half_a_key(tmp_path: Path, arguments: dict[str, str], environ: dict[str, str], missing: str) -> None:
    """Half an access key is never completed from another place."""
    write(tmp_path, {"half": {"access_key_id": "x"}, "default": {"access_key_id": "y", "access_key_secret": "y"}})
    with pytest.raises(UsageError, match=missing):
        resolve(**arguments, environ=environ, home=tmp_path)


@pytest.mark.parametrize("bad", ["a\nb", "a\x00b", "naïve", "a\x7fb", "密钥"])
@pytest.mark.parametrize("field", ["access_key_id", "token"])
def test_credentials_that_no_header_can_carry(field: str, bad: str) -> None:
    """Characters that would break a header are refused at once, without showing them."""
    with pytest.raises(UsageError, match="no HTTP header can carry") as caught:
        resolve(**({"access_key_password": "x"} | {field: bad}), environ={})
    assert bad not in str(caught.value)


# -- the credentials file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n"default": {"token": "t-secret",}\n}', "at line 2"),
        ("", "at line 1"),
        ("not json", "at line 1"),
        ('{"default": {"token": "t-secret"', "at line 1"),
    ],
)
def test_malformed_file(tmp_path: Path, content: str, said: str) -> None:
    """A file that is no JSON is an error that says the line and quotes nothing."""
    write(tmp_path, content)
    with pytest.raises(CredentialsError, match=f"credentials.json cannot be read {said}") as caught:
        resolve(environ={}, home=tmp_path)
    assert "t-secret" not in str(caught.value)


def test_file_in_another_encoding(tmp_path: Path) -> None:
    """A file that is no UTF-8 is an error, not a traceback of the decoder."""
    write(tmp_path, {})
    (tmp_path / ".zenlayer" / "credentials.json").write_bytes(b'{"default": {"token": "\xff\xfe"}}')
    with pytest.raises(CredentialsError, match="cannot be read"):
        resolve(environ={}, home=tmp_path)


def test_folder_instead_of_file(tmp_path: Path) -> None:
    """What cannot be opened is said."""
    (tmp_path / ".zenlayer" / "credentials.json").mkdir(parents=True)
    with pytest.raises(CredentialsError, match="cannot be read"):
        resolve(environ={}, home=tmp_path)


@pytest.mark.parametrize("content", [[], 7, None, "text", {"default": "t-secret"}, {"default": ["t-secret"]}])
def test_file_of_another_shape(tmp_path: Path, content: object) -> None:
    """JSON that holds no profiles is as good as none, and nothing of it is shown."""
    write(tmp_path, json.dumps(content))
    with pytest.raises(CredentialsError, match="no ZEC credentials") as caught:
        resolve(environ={}, home=tmp_path)
    assert "t-secret" not in str(caught.value)


def test_malformed_configuration(home: Path) -> None:
    """A configuration that cannot be read is said, since it may name another profile."""
    write(home, "{", "config.json")
    with pytest.raises(CredentialsError, match=r"config\.json cannot be read"):
        resolve(environ={}, home=home)


def test_malformed_file_is_not_needed(tmp_path: Path) -> None:
    """A broken file does no harm to who gives credentials otherwise."""
    write(tmp_path, "{")
    assert whose(resolve(environ=TERRAFORM, home=tmp_path)) == "tf-id"


# -- endpoint --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("endpoint", "environ", "url"),
    [
        pytest.param(None, {}, f"https://{DEFAULT_HOST}", id="default"),
        pytest.param("zec.test", {}, "https://zec.test", id="host"),
        pytest.param("zec.test:8443", {}, "https://zec.test:8443", id="host and port"),
        pytest.param("https://zec.test/", {}, "https://zec.test", id="URL"),
        pytest.param(" zec.test\n", {}, "https://zec.test", id="with white space"),
        pytest.param("ZEC.Test", {}, "https://zec.test", id="upper case"),
        pytest.param(None, {"ZENLAYERCLOUD_DOMAIN": "a.test"}, "https://a.test", id="Terraform's name"),
        pytest.param(None, {"ZENLAYER_ENDPOINT": "b.test"}, "https://b.test", id="command line's name"),
        pytest.param(
            None,
            {"ZENLAYERCLOUD_DOMAIN": "a.test", "ZENLAYER_ENDPOINT": "b.test"},
            "https://a.test",
            id="Terraform's name first",
        ),
        pytest.param("c.test", {"ZENLAYERCLOUD_DOMAIN": "a.test"}, "https://c.test", id="argument first"),
        pytest.param("127.0.0.1:80", {"ZENLAYERCLOUD_SCHEME": "HTTP"}, "http://127.0.0.1", id="Terraform's scheme"),
        pytest.param(
            "https://zec.test", {"ZENLAYERCLOUD_SCHEME": "HTTP"}, "https://zec.test", id="a URL's own scheme first"
        ),
    ],
)
def test_endpoint(endpoint: str | None, environ: dict[str, str], url: str) -> None:
    """A host, host and port or URL, from argument or environment."""
    assert resolve(token="t", endpoint=endpoint, environ=environ).base_url == url


def test_account_is_host_and_port() -> None:
    """The account's label is what is called, without scheme."""
    assert resolve(token="t", endpoint="http://127.0.0.1:8080", environ={}).account == "127.0.0.1:8080"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "[::1]"])
def test_plain_http_to_loopback(host: str) -> None:
    """Plain HTTP is allowed where nobody can listen."""
    assert resolve(token="t", endpoint=f"http://{host}:8080", environ={}).base_url == f"http://{host.lower()}:8080"


@pytest.mark.parametrize(
    "host",
    [
        DEFAULT_HOST,
        "10.0.0.1",
        "0.0.0.0",
        "localhost.evil.test",
        "127.0.0.1.evil.test",
        "localhost.",
        "[fe80::1]",
        "2130706433",
        "evil.test#127.0.0.1",
        "127.0.0.1@evil.test",
    ],
)
def test_plain_http_elsewhere(host: str) -> None:
    """Plain HTTP to anything but loopback is refused, however it is spelled."""
    with pytest.raises(UsageError):
        resolve(token="t", endpoint=f"http://{host}", environ={})
    with pytest.raises(UsageError):
        resolve(token="t", endpoint=host, environ={"ZENLAYERCLOUD_SCHEME": "HTTP"})


def test_plain_http_says_what_to_do() -> None:
    """The refusal names the host and https."""
    with pytest.raises(UsageError, match=r"loopback only, not to zec\.test; use https"):
        resolve(token="t", endpoint="http://zec.test", environ={})


@pytest.mark.parametrize(
    "endpoint",
    [
        "ftp://zec.test",
        "https://",
        "https://zec.test/api/v2/zec",
        "https://zec.test?x=1",
        "https://zec.test#x",
        "https://zec.test:port",
        "https://zec.test:99999",
        "https://zec.test:0",
        "https://[::1",
        "a b",
        "https://zec.test\x00",
    ],
)
def test_useless_endpoint(endpoint: str) -> None:
    """What is no host, host and port or URL is refused before anything is sent."""
    with pytest.raises(UsageError, match="endpoint"):
        resolve(token="t", endpoint=endpoint, environ={})


@pytest.mark.parametrize(
    "endpoint",
    ["https://me:pw-secret@zec.test", "ftp://me:pw-secret@zec.test", "me:pw-secret@zec.test:port", "me:pw-secret@"],
)
def test_endpoint_with_a_password(endpoint: str) -> None:
    """A password in the endpoint is refused and not repeated."""
    with pytest.raises(UsageError, match="endpoint") as caught:
        resolve(token="t", endpoint=endpoint, environ={})
    assert "pw-secret" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_endpoint(endpoint: str) -> None:
    """Whatever an endpoint looks like, it is refused with a message or is HTTPS or loopback."""
    try:
        url = httpx.URL(resolve(token="t", endpoint=endpoint, environ={}).base_url)
    except ZecnbError:
        return
    assert url.scheme == "https" or url.host in ("localhost", "::1") or url.host.startswith("127.")
