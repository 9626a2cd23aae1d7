"""The document and the crash run name the same writes."""

from __future__ import annotations

import re

import pytest

from tests.crash.naming import MOMENTS, NETWORK_MOMENTS, name_of_transaction, touched
from tests.rules import tree

NAMED = re.compile(r"(?m)^ {4}([a-z]+\.[a-z]+) ")


def test_every_name_of_the_document_is_killed_at_and_the_reverse() -> None:
    document = (tree.ROOT / "docs" / "issuance-cycle.md").read_text("utf-8")

    assert set(NAMED.findall(document)) == set(MOMENTS) | set(NETWORK_MOMENTS)


@pytest.mark.parametrize(
    ("statement", "write"),
    [
        ("INSERT INTO ledger_leaf (region) VALUES (?)", "INSERT ledger_leaf"),
        ("UPDATE ledger_transaction SET block=?", "UPDATE ledger_transaction"),
        ("DELETE FROM wallet_code WHERE 1", "DELETE wallet_code"),
        ("SELECT 1", None),
        ("\nCREATE TABLE alembic_version (", "CREATE alembic_version"),
    ],
)
def test_a_statement_is_named_by_what_it_writes(statement: str, write: str | None) -> None:
    assert touched(statement) == write


def test_a_batch_and_a_state_of_the_audit_log_are_told_apart() -> None:
    closing = {"INSERT ledger_batch", "INSERT ledger_transaction"}

    assert name_of_transaction(closing) == "audit.close"
    assert name_of_transaction({*closing, "UPDATE ledger_leaf"}) == "batch.close"
    assert name_of_transaction({"UPDATE ledger_chain"}) is None
