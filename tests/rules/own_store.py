"""An import-linter contract, because rows have one owner: `X.tables` is for `X.store` and the migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, output

if TYPE_CHECKING:
    from grimp import ImportGraph

MIGRATIONS = "ecert.app.migrations"


class OwnStoreContract(Contract):
    """The contract type `own_store`; no options, because the store beside the tables is found by name."""

    type_name = "own_store"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - the plug-in's signature
        """Find the imports of each `tables` module by anything but its own `store` and the migrations."""
        output.verbose_print(verbose, "Searching for importers of tables...")
        found = [
            (importer, tables)
            for tables in sorted(graph.find_matching_modules("**.tables"))
            for importer in sorted(graph.find_modules_that_directly_import(tables))
            if not _may_import(importer, tables)
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not allowed."""
        for importer, tables in check.metadata["found"]:
            output.print_error(f"{importer} is not allowed to import {tables}.")


def _may_import(importer: str, tables: str) -> bool:
    store = tables.removesuffix("tables") + "store"
    return any(importer == room or importer.startswith(f"{room}.") for room in (store, MIGRATIONS))
