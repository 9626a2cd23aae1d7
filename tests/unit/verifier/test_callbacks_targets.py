"""Where callbacks may go: nowhere that the open network cannot reach, however it is written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.domain.errors import Malformed, NotAllowed
from verifier.callbacks.targets import Target, Targets

OPEN = Targets()


def test_a_url_is_read_into_what_is_connected_to() -> None:
    assert OPEN.parse("https://partner.example/told?a=1") == Target("https", "partner.example", 443, "/told?a=1")
    assert OPEN.parse("https://[2001:4860:4860::8888]:8443") == Target("https", "2001:4860:4860::8888", 8443, "/")


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/",
        "http://127.0.0.1/",
        "ftp://partner.example/",
        "https://",
        "https:///told",
        "https://user@partner.example/",
        "https://partner.example/#part",
        "https://partner.example:0/",
        "https://partner.example:99999/",
        "https://partner.example/ x",
        "https://partner.example/{x}",
        "https://partner.example/%zz",
        "https://partner.example/\n",
        "https://合作方.example/",
        "https://-partner.example/",
        "https://[::1/",
        "https://partner.example/" + "x" * 500,
    ],
)
def test_what_is_no_https_url_is_refused(url: str) -> None:
    with pytest.raises(Malformed, match=r"callback\.url"):
        OPEN.parse(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.1.2.3", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fd00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "64:ff9b:1::1"),
    ],
)
def test_addresses_inside_are_refused(address: str) -> None:
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowed, match=r"callback\.address"):
        OPEN.parse(f"https://{written}/told")
    with pytest.raises(NotAllowed):
        OPEN.hold([ip_address("1.1.1.1"), ip_address(address)])


def test_settings_name_networks_and_a_demonstration_its_own_machine() -> None:
    named = Targets((ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    named.hold([ip_address("10.1.2.3"), ip_address("::ffff:10.1.2.3"), ip_address("fd00::1")])
    with pytest.raises(NotAllowed):
        named.hold([ip_address("10.2.0.1")])
    with pytest.raises(Malformed):
        named.parse("http://10.1.2.3/")
    assert Targets(loopback=True).parse("http://127.0.0.1:9000/told").port == 9000
    with pytest.raises(Malformed):
        Targets(loopback=True).parse("http://10.1.2.3/")


@given(st.text(max_size=80) | st.from_regex(r"https?://[ -~]{0,60}", fullmatch=True))
def test_any_text_is_a_target_or_refused_by_name(url: str) -> None:
    try:
        target = OPEN.parse(url)
    except (Malformed, NotAllowed) as fault:
        told = fault.code
    else:
        told = f"{target.scheme} {target.path[0]} {0 < target.port < 65536}"

    assert told in {"callback.url", "callback.address", "https / True"}
