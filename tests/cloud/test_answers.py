"""HTTP answers: what each kind of bad one becomes, and what it says about a write."""

from __future__ import annotations

import re

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.cloud.scripted import REQUEST_ID, failed, ok
from zecnb.cloud.advice import ADVICE, MAY_HAVE_HAPPENED, RETRYABLE
from zecnb.cloud.answers import plain, read_answer, transport_error
from zecnb.emulator.wire import CODES
from zecnb.errors import ApiError, AuthError, CloudError, ProtocolError, RefusedError, ThrottledError, TransportError

HTML = "<!DOCTYPE html><html><title>Sign in</title></html>"


def error_of(answer: httpx.Response) -> CloudError:
    """Return what reading an answer raises."""
    with pytest.raises(CloudError) as caught:
        read_answer("DescribeVpcs", answer)
    return caught.value


# -- good ones -------------------------------------------------------------------------------------------------------


def test_success() -> None:
    """A success gives requestId and payload."""
    request_id, payload = read_answer("DescribeVpcs", ok({"totalCount": 0}))
    assert request_id == REQUEST_ID
    assert b'"totalCount"' in bytes(payload)


def test_content_type_does_not_matter() -> None:
    """JSON under another content type is still JSON."""
    answer = httpx.Response(200, content=ok().content, headers={"content-type": "text/plain"})
    assert read_answer("DescribeVpcs", answer)[0] == REQUEST_ID


# -- error codes -----------------------------------------------------------------------------------------------------


def test_api_error_carries_everything() -> None:
    """An error code comes with action, code, status, requestId and advice, in attributes and in words."""
    error = error_of(failed(404, "INVALID_NIC_NOT_FOUND"))
    assert type(error) is ApiError
    assert (error.action, error.code, error.http_status) == ("DescribeVpcs", "INVALID_NIC_NOT_FOUND", 404)
    assert (error.request_id, error.retryable, error.may_have_happened) == (REQUEST_ID, False, False)
    assert str(error) == (
        f"DescribeVpcs: said `INVALID_NIC_NOT_FOUND` (HTTP 404, INVALID_NIC_NOT_FOUND, requestId {REQUEST_ID}). "
        "Check the vNIC id; it may have been deleted."
    )


@pytest.mark.parametrize("code", sorted(RETRYABLE))
def test_codes_worth_another_read(code: str) -> None:
    """These codes are tried again by reads, whatever the status."""
    assert error_of(failed(400, code)).retryable


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 599])
def test_any_5xx(status: int) -> None:
    """Any 5xx is worth another read, and leaves open whether a write took effect."""
    error = error_of(failed(status, "NEVER_SEEN_BEFORE"))
    assert (error.retryable, error.may_have_happened, error.advice) == (True, True, "")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413])
def test_any_4xx(status: int) -> None:
    """A 4xx with an unknown code is final: nothing happened, and asking again is no use."""
    error = error_of(failed(status, "NEVER_SEEN_BEFORE"))
    assert (error.retryable, error.may_have_happened) == (False, False)


@pytest.mark.parametrize("code", sorted(MAY_HAVE_HAPPENED))
def test_codes_that_leave_it_open(code: str) -> None:
    """After these codes a write may have taken effect, even under a 4xx."""
    assert error_of(failed(400, code)).may_have_happened


@pytest.mark.parametrize("code", [code for code in sorted(CODES) if code.startswith("AUTHFAILURE")])
def test_auth_errors(code: str) -> None:
    """Errors about who is calling have their own class and advice, and are final."""
    error = error_of(failed(CODES[code], code))
    assert type(error) is AuthError
    assert (error.retryable, error.may_have_happened) == (False, False)
    assert error.advice


def test_every_code_of_a_write_has_advice() -> None:
    """Whatever the emulator can answer to assigning and releasing has advice."""
    missing = {
        code for code in CODES if re.match("AUTHFAILURE|INVALID_NIC_(?!PRIMARY_CANT|INSTANCE)|REQUEST|SERVICE", code)
    }
    assert missing <= set(ADVICE)


# -- throttling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 429, 503])
def test_throttled_by_code(status: int) -> None:
    """REQUEST_LIMIT_EXCEEDED is throttling under any status of failure (contract.md 1)."""
    answer = failed(status, "REQUEST_LIMIT_EXCEEDED")
    if status == 200:
        assert type(error_of(answer)) is ProtocolError
        return
    error = error_of(answer)
    assert type(error) is ThrottledError
    assert (error.retryable, error.may_have_happened) == (True, False)


def test_throttled_by_status() -> None:
    """HTTP 429 is throttling under any code."""
    error = error_of(failed(429, "SLOW_DOWN"))
    assert (type(error), error.code, error.retryable) == (ThrottledError, "SLOW_DOWN", True)


@pytest.mark.parametrize("content", [b"", HTML.encode(), b"{}", b"slow down"])
def test_throttled_by_an_edge(content: bytes) -> None:
    """A 429 without the API's JSON is throttling as well: an edge counts too."""
    error = error_of(httpx.Response(429, content=content, headers={"retry-after": "3"}))
    assert isinstance(error, ThrottledError)
    assert (error.retryable, error.may_have_happened, error.retry_after) == (True, False, 3.0)
    assert error.advice


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("2", 2.0),
        ("0.5", 0.5),
        ("300", 300.0),
        ("86400", 300.0),
        ("999999", 300.0),
        ("9999999", None),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    """Seconds are taken up to five minutes; dates and nonsense are not followed."""
    error = error_of(failed(429, "REQUEST_LIMIT_EXCEEDED", retry_after=header))
    assert isinstance(error, ThrottledError)
    assert error.retry_after == seconds


# -- not the API -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(403, text=HTML, headers={"cf-mitigated": "challenge"}), "SECURITY_CHALLENGE"),
        (httpx.Response(403, text=HTML, headers={"CF-Mitigated": "challenge"}), "SECURITY_CHALLENGE"),
        (httpx.Response(451, text=HTML), "REQUEST_BLOCKED"),
        (httpx.Response(451), "REQUEST_BLOCKED"),
    ],
)
def test_refused_by_an_edge(answer: httpx.Response, code: str) -> None:
    """A challenge or a legal block has its own class: final, nothing happened, and the advice is another network."""
    error = error_of(answer)
    assert type(error) is RefusedError
    assert (error.code, error.http_status, error.request_id) == (code, answer.status_code, None)
    assert (error.retryable, error.may_have_happened) == (False, False)
    assert "another" in error.advice


def test_edge_that_only_passes_on() -> None:
    """The edge's header on an answer of the API changes nothing: only its own 403 is a challenge."""
    error = error_of(failed(500, "INTERNAL_SERVER_ERROR", cf_mitigated="challenge"))
    assert (type(error), error.code, error.retryable) == (ApiError, "INTERNAL_SERVER_ERROR", True)


def test_403_of_the_api() -> None:
    """A 403 without the edge's header is the API's own."""
    assert type(error_of(failed(403, "AUTHFAILURE_UNAUTHORIZED_OPERATION"))) is AuthError


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html=HTML),
        httpx.Response(200, content=b"  <html>", headers={"content-type": "application/json"}),
        httpx.Response(200, content=HTML.encode()),
        httpx.Response(200, html="nothing that looks like it"),
        httpx.Response(302, html=HTML, headers={"location": "https://login.test"}),
        httpx.Response(407, html=HTML),
        httpx.Response(502, html=HTML),
    ],
)
def test_html(answer: httpx.Response) -> None:
    """A page instead of JSON is called a page, and shows nothing of itself."""
    error = error_of(answer)
    assert (type(error), error.code, error.http_status) == (ProtocolError, "PROTOCOL_HTML", answer.status_code)
    assert "proxy or login page" in str(error)
    assert "Sign in" not in str(error)
    assert error.advice


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{}",
        b"\x00\xffnot json",
        b'{"requestId": "T1"}',
        b'{"response": {}}',
        b'{"requestId": "T1", "response": null}',
        b'{"requestId": "T1", "response": []}',
        b'{"requestId": "T1", "response": "{}"}',
        b'{"requestId": 7, "response": {}}',
        b'{"requestId": "T1", "response": {"totalCount": 1',
        b'{"requestId": "T1", "code": "X", "message": "no"}',
        pytest.param(b'{"requestId": "T1", "response": {"x": ' + b"[" * 100_000, id="nested without end"),
    ],
)
def test_200_of_another_shape(content: bytes) -> None:
    """Truncated JSON, missing keys and other types under 200 are a ``ProtocolError``; a write may have happened."""
    error = error_of(httpx.Response(200, content=content))
    assert (type(error), error.code, error.http_status) == (ProtocolError, "PROTOCOL_BODY", 200)
    assert (error.retryable, error.may_have_happened) == (False, True)
    assert error.advice


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"requestId": "T1", "code": "X"}',
        b'{"requestId": "T1", "code": null, "message": "no"}',
        b'{"code": "X", "mess',
    ],
)
@pytest.mark.parametrize(("status", "again"), [(400, False), (404, False), (500, True), (503, True)])
def test_failure_of_another_shape(status: int, again: bool, content: bytes) -> None:
    """A failure without its three keys is a ``ProtocolError``; a 5xx is worth another read and leaves writes open."""
    error = error_of(httpx.Response(status, content=content))
    assert (type(error), error.http_status, error.retryable, error.may_have_happened) == (
        ProtocolError, status, again, again,
    )  # fmt: skip


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_other_success(status: int) -> None:
    """A success that no document knows leaves open whether a write took effect."""
    error = error_of(httpx.Response(status))
    assert (type(error), error.retryable, error.may_have_happened) == (ProtocolError, False, True)


def test_redirect_is_not_followed() -> None:
    """A redirect is no answer of the API, and nothing happened."""
    error = error_of(httpx.Response(307, headers={"location": "https://elsewhere.test"}))
    assert (type(error), error.may_have_happened) == (ProtocolError, False)


# -- no answer -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "happened"),
    [
        (httpx.ConnectError("refused"), "TRANSPORT_CONNECT", False),
        (httpx.ConnectTimeout("slow"), "TRANSPORT_CONNECT", False),
        (httpx.PoolTimeout("busy"), "TRANSPORT_CONNECT", False),
        (httpx.ProxyError("407"), "TRANSPORT_CONNECT", False),
        (httpx.ReadTimeout("slow"), "TRANSPORT_TIMEOUT", True),
        (httpx.WriteTimeout("slow"), "TRANSPORT_TIMEOUT", True),
        (httpx.ReadError("reset"), "TRANSPORT_BROKEN", True),
        (httpx.WriteError("reset"), "TRANSPORT_BROKEN", True),
        (httpx.RemoteProtocolError("half an answer"), "TRANSPORT_BROKEN", True),
        (httpx.DecodingError("bad gzip"), "TRANSPORT_BROKEN", True),
    ],
)
def test_transport(error: httpx.HTTPError, code: str, happened: bool) -> None:
    """No answer: worth another read; a write can have happened only once a connection stood."""
    said = transport_error("DescribeVpcs", error)
    assert isinstance(said, TransportError)
    assert (said.code, said.may_have_happened, said.retryable) == (code, happened, True)
    assert (said.http_status, said.request_id) == (None, None)
    assert said.advice
    assert str(error) in str(said)


def test_transport_without_words() -> None:
    """An error without a text of its own leaves no dangling colon."""
    assert str(transport_error("X", httpx.ReadTimeout(""))).startswith("X: no answer in time (TRANSPORT_TIMEOUT).")


# -- untrusted text --------------------------------------------------------------------------------------------------


def test_hostile_message() -> None:
    """Control characters, line ends and length of a message do not reach the terminal."""
    answer = httpx.Response(
        400, json={"requestId": "T\n1", "code": "X\x1b[31m", "message": "a\r\n\x1b]0;owned\x07" + "x" * 5000}
    )
    error = error_of(answer)
    assert str(error).isprintable()
    assert len(str(error)) < 600
    assert error.code.isprintable()
    assert error.request_id == "T 1"


@given(st.text())
def test_plain(text: str) -> None:
    """Any text becomes one printable line of at most 300 characters."""
    line = plain(text)
    assert len(line) <= 300
    assert line.isprintable()
    assert line == line.strip()


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=300))
def test_plain_keeps_plain_text(text: str) -> None:
    """Text that is harmless stays as it is."""
    assert plain(text) == text


@given(st.binary(max_size=200), st.sampled_from([200, 204, 301, 400, 403, 429, 451, 500, 503]))
def test_any_bytes(content: bytes, status: int) -> None:
    """Whatever bytes come back, they are a ``CloudError`` that fits on one line."""
    assume(not (status == 200 and content.lstrip()[:1] == b"{"))  # objects are the next test's business
    error = error_of(httpx.Response(status, content=content))
    assert str(error).isprintable()
    assert error.http_status == status


@given(
    st.dictionaries(
        st.sampled_from(["requestId", "response", "code", "message", "x"]),
        st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just({}) | st.just([]),
    ),
    st.sampled_from([200, 400, 500]),
)
def test_any_object(content: dict[str, object], status: int) -> None:
    """Only a 200 with a requestId and an object as response is a success."""
    good = status == 200 and isinstance(content.get("requestId"), str) and isinstance(content.get("response"), dict)
    try:
        read_answer("X", httpx.Response(status, json=content))
    except CloudError:
        assert not good
    else:
        assert good
