"""Lists the modules in the validator: docs/validator-sbom.json (CycloneDX 1.5) and docs/validator-licences.md.

`python deploy/validator/modules.py` writes both from `go list -deps`; `--check` says which is stale and exits 1.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
FORM = (
    "{{with .Module}}{{if not .Main}}{{.Path}}|{{.Version}}|{{with .Replace}}{{.Path}}{{end}}|"
    "{{with .Replace}}{{.Version}}{{end}}|{{.Dir}}{{end}}{{end}}"
)
# The first that a licence's text contains names it; the order matters.
LICENCES = (
    ("Apache License", "Apache-2.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE", "LGPL-3.0-or-later"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL-3.0-or-later"),
    ("Mozilla Public License", "MPL-2.0"),
    ("Neither the name", "BSD-3-Clause"),
    ("Redistribution and use in source and binary forms", "BSD-2-Clause"),
    ("Permission to use, copy, modify, and/or distribute", "ISC"),
    ("Permission to use, copy, modify, and distribute", "ISC"),
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Unlicense", "Unlicense"),
)


def main(arguments: list[str]) -> int:
    """Write both lists, or compare them."""
    rows = sorted(modules())
    made = {"validator-sbom.json": sbom(rows), "validator-licences.md": page(rows)}
    if "--check" not in arguments:
        for name, text in made.items():
            (DOCS / name).write_text(text, "utf-8")
        return 0
    stale = [name for name, text in made.items() if not _is_fresh(DOCS / name, text)]
    for name in stale:
        sys.stderr.write(f"docs/{name} is stale: run python deploy/validator/modules.py\n")
    return 1 if stale else 0


def modules() -> set[tuple[str, str, str]]:
    """Return (path, version, licence) of each module whose packages are in the binary."""
    told = subprocess.run(  # noqa: S603 - no outside input
        ["go", "list", "-deps", "-f", FORM, "."],  # noqa: S607 - the Go on the path builds the binary too
        cwd=HERE,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {_row(*line.split("|")) for line in told.stdout.split("\n") if line}


def sbom(rows: list[tuple[str, str, str]]) -> str:
    """Write CycloneDX JSON."""
    components = [
        {
            "type": "library",
            "name": path,
            "version": version,
            "purl": f"pkg:golang/{path}@{version}",
            "licenses": [{"license": {"name" if licence == "other" else "id": licence}}],
        }
        for path, version, licence in rows
    ]
    subject = {"component": {"type": "application", "name": "ecertd", "licenses": [{"license": {"id": "Apache-2.0"}}]}}
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": subject,
        "components": components,
    }
    return json.dumps(whole, indent=1) + "\n"


def page(rows: list[tuple[str, str, str]]) -> str:
    """Write the table for people."""
    counts = {licence: sum(row[2] == licence for row in rows) for licence in sorted({row[2] for row in rows})}
    told = ", ".join(f"{licence} {count}" for licence, count in counts.items())
    lines = [f"| `{path}` | {version} | {licence} |" for path, version, licence in rows]
    head = f"# Modules in the validator\n\nMade by `python deploy/validator/modules.py`: {len(rows)} modules. {told}.\n"
    return "\n".join([head, "| module | version | licence |", "|---|---|---|", *lines]) + "\n"


def _row(path: str, version: str, other: str, other_version: str, folder: str) -> tuple[str, str, str]:
    return (other or path, other_version or version, _licence(Path(folder)))


def _licence(folder: Path) -> str:
    found = sorted(
        p for p in folder.iterdir() if re.match(r"(?i)(licen[cs]e|copying|unlicense)", p.name) and p.is_file()
    )
    text = " ".join(" ".join(p.read_text("utf-8", "replace").split()) for p in found)
    return next((name for words, name in LICENCES if words in text), "other")


def _is_fresh(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
