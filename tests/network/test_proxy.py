"""deploy/nginx before a live validator: the driver goes through it with a member's certificate, nobody else does."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from eth_hash.auto import keccak

from ecert.domain.errors import Unavailable
from ledger.drivers import calls
from ledger.drivers.network import Addresses, open_network
from tests.certificates import HERE, client, server_files
from tests.validators import Network, start_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.drivers.permissioned import NetworkLedger

pytestmark = pytest.mark.network

CONFIGURATION = Path(__file__).parents[2] / "deploy/nginx/validator.conf"
ADMIN = calls.account(keccak(b"admin 31"))
PATIENCE = 20.0


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    started = start_network(tmp_path_factory.mktemp("proxied") / "validators", [ADMIN.address], count=1)
    yield started
    started.stop()


@pytest.fixture(params=["for this host"])
def proxy(request: pytest.FixtureRequest, network: Network, tmp_path: Path) -> Iterator[Addresses]:
    """Put the documented proxy before both doors, with this test's ports and files."""
    server_files(tmp_path, HERE if request.param == "for this host" else x509.DNSName("another.example"))
    (rpc,), (consensus,) = network.addresses.rpc, network.addresses.consensus
    outer = free_port(), free_port()
    text = CONFIGURATION.read_text("utf-8").replace("/etc/ecert/tls", str(tmp_path))
    for told, ours in (("8545", outer[0]), ("8546", outer[1])):
        text = replaced(text, f"listen {told} ssl", f"listen 127.0.0.1:{ours} ssl")
    text = replaced(replaced(text, "http://127.0.0.1:27003", rpc), "http://127.0.0.1:27001", consensus)
    process = nginx(tmp_path, text)
    try:
        await_port(outer[1], process)
        yield Addresses([f"https://127.0.0.1:{outer[0]}"], [f"https://127.0.0.1:{outer[1]}"], client(tmp_path))
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def replaced(text: str, told: str, ours: str) -> str:
    assert text.count(told) == 1
    return text.replace(told, ours)


def nginx(folder: Path, servers: str) -> subprocess.Popen[bytes]:
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program, "this test needs the system package nginx-light"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    whole = (
        f"daemon off; master_process off; pid {folder}/pid; events {{}} http {{ access_log off; {paths}\n{servers}\n}}"
    )
    (folder / "nginx.conf").write_text(whole, "utf-8")
    words = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


def opened(network: Network, addresses: Addresses, home: Path) -> NetworkLedger:
    home.mkdir()
    return open_network(addresses, genesis=network.genesis, home=home, heartbeat=60, clock=time.time)


def test_a_deployment_with_a_members_certificate_reads_and_sends(
    network: Network, proxy: Addresses, tmp_path: Path
) -> None:
    with closing(opened(network, proxy, tmp_path / "home")) as ledger:
        assert ledger.head().number >= 3
        large = ("Consortium", ([31], ["上海" * 1000], [ADMIN.address]))
        transaction = ledger.prepare_deployment(*large, ADMIN, nonce=ledger.next_nonce(ADMIN.address))
        assert transaction.hash
        ledger.submit(transaction)
        deadline = time.monotonic() + PATIENCE
        while ledger.outcome(transaction.hash) is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@pytest.mark.parametrize("proxy", ["for another host"], indirect=True)
def test_a_proxy_with_a_certificate_for_another_host_is_refused(
    network: Network, proxy: Addresses, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match=r"ledger\.tls"):
        opened(network, proxy, tmp_path / "home")


def test_who_has_no_certificate_or_a_strangers_reaches_no_door(
    network: Network, proxy: Addresses, tmp_path: Path
) -> None:
    members = ssl.create_default_context(cafile=tmp_path / "members.pem")
    (tmp_path / "elsewhere").mkdir()
    stranger = client(tmp_path / "elsewhere")
    stranger_tls = ssl.create_default_context(cafile=tmp_path / "members.pem")
    stranger_tls.load_cert_chain(stranger / "client.pem", stranger / "client.key")
    for tls in (members, stranger_tls):
        for url, ask in ((proxy.rpc[0], "eth_blockNumber"), (proxy.consensus[0], "status")):
            question = {"jsonrpc": "2.0", "id": 1, "method": ask, "params": []}
            refused = httpx.post(url, json=question, verify=tls, trust_env=False)
            assert (refused.status_code, b"jsonrpc" in refused.content) == (400, False)
    (stranger / "ca.pem").write_bytes((tmp_path / "members.pem").read_bytes())
    with pytest.raises(Unavailable, match=r"ledger\.turned_away"):
        opened(network, Addresses(proxy.rpc, proxy.consensus, stranger), tmp_path / "home")
