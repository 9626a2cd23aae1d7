from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from ecert.domain.errors import Conflict, Malformed, NotAllowed, Unavailable
from ecert.domain.suites import verify_signature
from ecert.runtime.keys import Keys, open_keys

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return open_keys(f"file:{tmp_path}/keys")


@pytest.mark.parametrize("suite", ["ES256", "SM2-SM3"])
def test_a_key_is_made_once_and_found_again(keys: Keys, suite: str) -> None:
    signer = keys.signer("issuer-11310000MB2F056267", suite=suite)
    again = open_keys(f"file:{keys.directory}").signer("issuer-11310000MB2F056267", suite=suite)
    assert signer.kid == again.kid
    verify_signature(suite, spki=signer.spki, message=b"m", signature=again.sign(b"m"))


def test_a_secret_is_made_once_and_found_again(keys: Keys) -> None:
    secret = keys.secret("chain.31.anchors")
    assert len(secret) == 32
    assert secret == keys.secret("chain.31.anchors") != keys.secret("chain.32.anchors")
    assert len(keys.secret("short", 16)) == 16
    assert keys.names() == ("chain.31.anchors", "chain.32.anchors", "short")


def test_only_the_owner_can_read(keys: Keys) -> None:
    keys.secret("a")
    keys.signer("b", suite="ES256")
    modes = {entry.name: entry.stat().st_mode & 0o777 for entry in keys.directory.iterdir()}
    assert modes == {"a.secret": 0o600, "b.key": 0o600}
    assert keys.directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_open_to_others_is_refused_by_name(keys: Keys, mode: int) -> None:
    keys.secret("a")
    (keys.directory / "a.secret").chmod(mode)
    with pytest.raises(Unavailable, match=r"keys\.permissions: a\.secret"):
        keys.secret("a")


def test_a_directory_that_others_write_is_refused(keys: Keys) -> None:
    keys.directory.chmod(0o770)
    with pytest.raises(Unavailable, match=r"keys\.permissions"):
        open_keys(f"file:{keys.directory}")


def test_a_link_is_not_followed(keys: Keys, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(bytes(32))
    (tmp_path / "elsewhere").chmod(0o600)
    (keys.directory / "a.secret").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match=r"keys\.unavailable"):
        keys.secret("a")


def test_of_many_who_make_a_key_at_once_all_get_the_same(keys: Keys) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: keys.secret("a"), range(32)))
    assert len(made) == 1
    assert [entry.name for entry in keys.directory.iterdir()] == ["a.secret"]


def test_a_key_of_another_suite_is_refused(keys: Keys) -> None:
    keys.signer("a", suite="ES256")
    with pytest.raises(Malformed, match=r"suite\.key"):
        keys.signer("a", suite="SM2-SM3")
    with pytest.raises(NotAllowed, match=r"suite\.verify_only"):
        keys.signer("b", suite="EdDSA")
    assert keys.names() == ("a",)


def test_a_secret_of_another_size_is_refused(keys: Keys) -> None:
    keys.secret("a", 16)
    with pytest.raises(Conflict, match=r"keys\.size: a"):
        keys.secret("a")


@pytest.mark.parametrize("name", ["", ".", "..", "../a", "a/b", ".a", "a.", "a\n", "证", "a" * 61, "a b"])
def test_a_name_is_no_path(keys: Keys, name: str) -> None:
    with pytest.raises(Malformed, match=r"keys\.name"):
        keys.secret(name)


def test_a_directory_out_of_reach_is_unavailable(keys: Keys) -> None:
    keys.directory.rmdir()
    with pytest.raises(Unavailable, match=r"keys\.unavailable"):
        keys.secret("a")


@pytest.mark.parametrize("uri", ["", "file:", "file", "vault:x", "FILE:x"])
def test_an_unknown_custody_is_refused(uri: str) -> None:
    with pytest.raises(Malformed, match=r"keys\.uri"):
        open_keys(uri)


def test_a_module_is_not_here_yet() -> None:
    with pytest.raises(Unavailable, match=r"keys\.unsupported"):
        open_keys("pkcs11:token=ecert")
