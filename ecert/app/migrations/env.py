"""Alembic's way in: runs the versions on the connection that `ecert.app.migrations` hands over."""

from __future__ import annotations

from typing import Literal

from alembic import context
from sqlmodel.sql.sqltypes import AutoString

from ecert.app.migrations import tables


def _plain(kind: str, item: object, _autogenerating: object) -> str | Literal[False]:
    # SQLModel's text type in SQLAlchemy's own words, so that a version needs no SQLModel to be read.
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables(),
    render_as_batch=True,
    render_item=_plain,
)
with context.begin_transaction():
    context.run_migrations()
