from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from ecert.domain.errors import Malformed
from ecert.runtime.settings import load_settings


def test_the_defaults_serve_everything_from_one_home() -> None:
    settings = load_settings({"PATH": "/bin", "ECERT_DEMO": ""})
    assert settings.home == Path("var")
    assert settings.ledger == "embedded:var/chain.sqlite"
    assert settings.database == "sqlite:///var/ecert.sqlite"
    assert settings.signer == "file:var/keys"
    assert settings.replica == Path("var/replica")
    assert (settings.consensus, settings.genesis, settings.ledger_tls) == ((), Path("var/genesis.json"), None)
    assert settings.regions == ("31", "32", "33", "34")
    assert settings.roles == {"issuer", "wallet", "verifier", "follower"}
    assert settings.public_url == "http://127.0.0.1:8000"
    assert (settings.heartbeat, settings.code_seconds) == (60, 60)
    assert (settings.batch_size, settings.batch_seconds) == (1000, 1)
    assert (settings.callback_networks, settings.demo, settings.log) == ((), False, "info")
    assert settings.audit_agreed == frozenset()


def test_everything_can_be_said() -> None:
    settings = load_settings(
        {
            "ECERT_HOME": "/srv/e",
            "ECERT_LEDGER": "rpc+http://v1:8545,v2:8545",
            "ECERT_CONSENSUS": "v1:26657,v2:26657",
            "ECERT_GENESIS": "/srv/genesis.json",
            "ECERT_LEDGER_TLS": "/srv/tls",
            "ECERT_DATABASE": "postgresql+psycopg://u:hidden@db/e",
            "ECERT_SIGNER": "pkcs11:token=e?pin-value=hidden",
            "ECERT_REGIONS": "33,31",
            "ECERT_ROLES": "verifier",
            "ECERT_PUBLIC_URL": "https://e.example/sub",
            "ECERT_CALLBACK_NETWORKS": "10.1.0.0/16,fd00::/8",
            "ECERT_AUDIT_AGREED": "32=17,31=5,32=40",
            "ECERT_DEMO": "1",
            "ECERT_LOG": "debug",
        }
    )
    assert settings.replica == Path("/srv/e/replica")
    assert settings.consensus == ("v1:26657", "v2:26657")
    assert (settings.genesis, settings.ledger_tls) == (Path("/srv/genesis.json"), Path("/srv/tls"))
    assert settings.regions == ("33", "31")
    assert settings.roles == {"verifier"}
    assert settings.callback_networks == (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert settings.audit_agreed == {(32, 17), (31, 5), (32, 40)}
    assert settings.demo
    assert "hidden" not in repr(settings)


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(Malformed, match=r"settings\.unknown: ECERT_DEM0"):
        load_settings({"ECERT_DEM0": "1"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ECERT_LEDGER", "rpc+http://"),
        ("ECERT_LEDGER", "embedded:"),
        ("ECERT_CONSENSUS", "http://v1:26657"),
        ("ECERT_CONSENSUS", "v1:26657,"),
        ("ECERT_DATABASE", "mysql://secret"),
        ("ECERT_DATABASE", "sqlite://"),
        ("ECERT_SIGNER", "var/keys"),
        ("ECERT_REGIONS", "31,35"),
        ("ECERT_REGIONS", "31,31"),
        ("ECERT_REGIONS", "31,"),
        ("ECERT_ROLES", "Issuer"),
        ("ECERT_PUBLIC_URL", "http://a/"),
        ("ECERT_PUBLIC_URL", "a.example"),
        ("ECERT_PUBLIC_URL", "http://user@a"),
        ("ECERT_CALLBACK_NETWORKS", "10.0.0.1"),
        ("ECERT_CALLBACK_NETWORKS", "10.0.0.1/8"),
        ("ECERT_CALLBACK_NETWORKS", "10.0.0.0/33"),
        ("ECERT_CALLBACK_NETWORKS", "10.0.0.0/8,"),
        ("ECERT_AUDIT_AGREED", "32"),
        ("ECERT_AUDIT_AGREED", "32=0"),
        ("ECERT_AUDIT_AGREED", "32=17,"),
        ("ECERT_HEARTBEAT", "0"),
        ("ECERT_HEARTBEAT", "6o"),
        ("ECERT_HEARTBEAT", "٦"),
        ("ECERT_CODE_SECONDS", "-1"),
        ("ECERT_BATCH_SIZE", "0"),
        ("ECERT_BATCH_SECONDS", "1.5"),
        ("ECERT_DEMO", "yes"),
        ("ECERT_DEMO", "0,1"),
        ("ECERT_LOG", "INFO"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_never_shown(name: str, text: str) -> None:
    with pytest.raises(Malformed, match=rf"settings\.value: {name}") as caught:
        load_settings({name: text})
    assert text not in caught.value.detail.split()


def test_the_neighbours_are_read_without_the_regions_served_here() -> None:
    listed = "31=http://a:1,32=https://b,33=http://c:3"
    settings = load_settings({"ECERT_PEERS": listed, "ECERT_REGIONS": "32", "ECERT_CONSORTIUM": "0x" + "ab" * 20})

    assert settings.peers == {31: "http://a:1", 33: "http://c:3"}
    assert settings.consortium == bytes.fromhex("ab" * 20)
    assert (load_settings({}).peers, load_settings({}).consortium, load_settings({}).ca_file) == ({}, None, None)


@pytest.mark.parametrize(
    "env",
    [
        {"ECERT_PEERS": "31"},
        {"ECERT_PEERS": "35=http://a"},
        {"ECERT_PEERS": "31=ftp://a"},
        {"ECERT_PEERS": "31=http://a/path"},
        {"ECERT_PEERS": "31=http://a,31=http://b"},
        {"ECERT_CONSORTIUM": "0xAB"},
        {"ECERT_ROLES": "verifier"},
    ],
)
def test_a_wrong_neighbour_or_a_follower_missing_on_an_embedded_chain_is_refused(env: dict[str, str]) -> None:
    with pytest.raises(Malformed, match=r"settings\.value"):
        load_settings(env)
