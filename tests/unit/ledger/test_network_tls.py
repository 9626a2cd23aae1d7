"""Mutual TLS to a validator: one authority, the host that was asked, a certificate of our own."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from ecert.domain.errors import Malformed, Unavailable
from tests.certificates import HERE, client, server
from tests.hostile_endpoint import Endpoint
from tests.unit.ledger.network import Net, network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def net(tmp_path: Path) -> Iterator[Net]:
    with network(tmp_path) as opened:
        yield opened


def test_the_right_host_with_the_right_certificates_is_asked(net: Net) -> None:
    folder = client(net.home)
    net.endpoints.append(Endpoint(net.chain, tls=server(net.home, HERE)))
    with closing(net.open(tls=folder)) as ledger:
        assert ledger.head().number == 12


def test_a_certificate_for_another_host_is_refused_by_name(net: Net) -> None:
    folder = client(net.home)
    net.endpoints.append(Endpoint(net.chain, tls=server(net.home, x509.DNSName("another.example"))))
    with pytest.raises(Unavailable, match=r"ledger\.tls"):
        net.open(tls=folder)


def test_a_certificate_of_another_authority_is_refused_by_name(net: Net) -> None:
    net.endpoints.append(Endpoint(net.chain, tls=server(net.home, HERE)))
    folder = client(net.home, another_authority=True)
    with pytest.raises(Unavailable, match=r"ledger\.tls"):
        net.open(tls=folder)
    with pytest.raises(Unavailable, match=r"ledger\.tls"):
        net.open()  # the system's authorities do not know the members' one either


@pytest.mark.parametrize("missing", ["ca.pem", "client.pem", "client.key"])
def test_missing_files_are_named(net: Net, missing: str) -> None:
    folder = client(net.home)
    net.endpoints.append(Endpoint(net.chain, tls=server(net.home, HERE)))
    (folder / missing).unlink()
    with pytest.raises(Malformed, match=r"ledger\.tls_files"):
        net.open(tls=folder)
