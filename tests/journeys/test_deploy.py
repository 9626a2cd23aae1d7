"""What deploy/ and docs/operations.md say of a running house is true of one: metrics, parts, codes, settings."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import yaml

from ecert.app.network.plan import Node
from ecert.app.readiness import PARTS
from ecert.domain.reasons import REASONS
from ecert.runtime.metrics import Registry
from ecert.runtime.settings import load_settings
from ledger.drivers.network import Addresses
from ledger.drivers.permissioned import NetworkLedger
from ledger.drivers.validators import Validators
from ledger.port import ChainIdentity
from tests.rules import tree

if TYPE_CHECKING:
    from tests.world import World

DEPLOY = tree.ROOT / "deploy"
GUIDE = (tree.ROOT / "docs" / "operations.md").read_text("utf-8")
METRIC = re.compile(r"\becert_[a-z_]+\b")
TYPE = re.compile(r"(?m)^# TYPE (\S+) (\S+)$")
SAMPLES = {"counter": ("",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
OURS = {"validator", "service"}


def read(name: str) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.safe_load((DEPLOY / name).read_text("utf-8"))


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for group in read("prometheus/rules.yml")["groups"] for rule in group["rules"]}


def dashboard() -> dict[str, Any]:
    return orjson.loads((DEPLOY / "grafana" / "dashboards" / "ecert.json").read_bytes())


def expressions() -> list[str]:
    """Give every expression of the rules and of the dashboard's panels."""
    panels = (target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ()))
    return [*(rule["expr"] for rule in alerts().values()), *panels]


def of_the_network() -> str:
    """Give what the network's driver tells beside the house, before it has asked anybody."""
    validators = Validators(Addresses(["http://a"], ["http://b"]).endpoints(silence=1), lambda: 0.0)
    at_rest = SimpleNamespace(newest=SimpleNamespace(height=0))
    ledger = NetworkLedger(ChainIdentity(1, bytes(32)), validators, at_rest, on_close=lambda: None)
    registry = Registry()
    ledger.measure(registry)
    return registry.text()


def test_every_metric_that_is_watched_is_told(world: World) -> None:
    told = TYPE.findall(world.ask("GET", "/metrics").text) + TYPE.findall(of_the_network())
    samples = {name + ending for name, kind in told for ending in SAMPLES[kind]}
    watched = {name for expression in expressions() for name in METRIC.findall(expression)}

    assert len(watched) > 10
    assert watched - samples == set()
    assert {name for name, _ in told if f"`{name}`" not in GUIDE} == set()
    assert set(METRIC.findall(GUIDE)) - {name for name, _ in told} == set()


def test_labels_that_are_watched_can_be_told(world: World) -> None:
    text = "\n".join(expressions())
    listed = {name: set("|".join(re.findall(rf'\b{name}=~?"([^"]*)"', text)).split("|")) for name in ("part", "code")}
    routes = {route for told in re.findall(r'\broute!?="([^"]*)"', text) for route in told.split("|")}

    assert listed["part"]
    assert listed["part"] <= set(PARTS)
    assert listed["code"] <= REASONS.keys()
    assert routes <= world.app.openapi()["paths"].keys()


def test_every_part_that_can_be_degraded_is_explained() -> None:
    assert [part for part in PARTS if f"| `{part}` |" not in GUIDE] == []


def test_every_alert_has_its_page_and_every_page_its_alert() -> None:
    pages = dict(re.findall(r"(?ms)^### (\w+)\n(.*?)(?=^##|\Z)", GUIDE))

    assert pages.keys() == alerts().keys()
    for name, page in pages.items():
        assert all(f"**{part}.**" in page for part in ("Meaning", "First look", "Action")), name
        assert alerts()[name]["annotations"]["runbook"] == f"docs/operations.md#{name.lower()}"
        assert alerts()[name]["labels"]["severity"] in {"page", "ticket"}


def test_every_alert_is_tested_to_fire_and_to_keep_quiet() -> None:
    tested = {(rule["alertname"], bool(rule["exp_alerts"])) for rule in _rule_tests()}

    assert tested == {(name, fires) for name in alerts() for fires in (True, False)}


def test_the_region_is_composed_of_what_is_named() -> None:
    compose = read("compose.yml")
    services = compose["services"]

    assert services.keys() == OURS | {"postgres", "prometheus", "grafana"}
    assert {name for name, service in services.items() if "build" in service} == OURS
    for name, service in services.items():
        assert name in OURS or re.fullmatch(r"[a-z/]+:v?[0-9][\w.-]*", service["image"]), name
        assert set(service.get("depends_on", ())) <= services.keys()
        kept = (volume.partition(":")[0] for volume in service.get("volumes", ()))
        assert {volume for volume in kept if not volume.startswith(".")} <= compose["volumes"].keys()
        used = (secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", ()))
        assert set(used) <= compose["secrets"].keys()
    published = [port for service in services.values() for port in service.get("ports", ())]
    assert all(port.startswith(("127.0.0.1:", "${ECERT_PEER_ADDRESS:-127.0.0.1}:")) for port in published)


@pytest.mark.parametrize("name", sorted(OURS))
def test_an_image_is_built_from_what_is_there(name: str) -> None:
    build = read("compose.yml")["services"][name]["build"]
    text = (tree.ROOT / build["dockerfile"]).read_text("utf-8")
    copied = [word for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", text) for word in line.split()[:-1]]
    ignored = (tree.ROOT / (build["dockerfile"] + ".dockerignore")).read_text("utf-8").split()
    allowed = [word[1:] for word in ignored if word.startswith("!")]

    assert build["context"] == ".."
    assert copied
    assert [word for word in copied if not word.startswith(tuple(allowed))] == []
    if name == "service":
        assert [word for word in copied if not (tree.ROOT / word).exists()] == []
        assert set(tree.PACKAGES) <= set(copied)


def test_settings_that_are_deployed_are_settings() -> None:
    composed = read("compose.yml")["services"]["service"]["environment"]
    example, _ = settings_of_the_page()
    assert set(example) - {"ECERT_HOME"} <= set(composed)
    defaults = composed_with({})
    filled = {name: example.get(name, text) for name, text in defaults.items()}

    first = re.search(r'"first-port", (\d+)', (DEPLOY / "validator" / "homes.go").read_text("utf-8"))
    assert first is not None
    own = Node(31, "shanghai", int(first[1]), "")
    assert f"{own.port}:{own.port}" in str(read("compose.yml")["services"]["service"]["ports"])
    assert defaults["ECERT_LEDGER"] == example["ECERT_LEDGER"]
    assert defaults["ECERT_CONSENSUS"] == example["ECERT_CONSENSUS"]
    for environment in (filled, example):
        settings = load_settings(environment)
        assert settings.regions == ("31",)
        assert settings.consortium is not None
        assert set(settings.peers) == {32, 33, 34}
        assert (f"rpc+{own.json_rpc}", own.consensus_rpc) == (settings.ledger, f"http://{settings.consensus[0]}")


def test_the_settings_with_every_members_proxy_name_its_doors() -> None:
    example, others = settings_of_the_page()
    rpc, consensus = re.findall(r"listen (\d+) ssl", (DEPLOY / "nginx/validator.conf").read_text("utf-8"))

    for environment in ({**example, **others}, composed_with({**example, **others})):
        settings = load_settings(environment)
        assert settings.ledger.startswith("rpc+https://31.")
        assert settings.ledger.count(f":{rpc}") == len(settings.consensus) == 4
        assert all(door.endswith(f":{consensus}") for door in settings.consensus)
        assert settings.ledger_tls == Path(others["ECERT_LEDGER_TLS"])


def test_what_a_composed_setting_names_is_mounted() -> None:
    example, others = settings_of_the_page()
    authority = {"ECERT_CA_FILE": others["ECERT_LEDGER_TLS"] + "/regions.pem"}
    composed = composed_with({**example, **others, **authority})
    mounted = {Path(volume.split(":")[1]) for volume in read("compose.yml")["services"]["service"]["volumes"]}

    assert composed["ECERT_CA_FILE"] == authority["ECERT_CA_FILE"]
    for name in ("ECERT_GENESIS", "ECERT_LEDGER_TLS", "ECERT_CA_FILE"):
        assert mounted & {Path(composed[name]), *Path(composed[name]).parents}, name


def composed_with(exported: dict[str, str]) -> dict[str, str]:
    """Give the service's environment as compose makes it of what is exported: `${NAME:-default}` and `${NAME:?why}`."""
    told = read("compose.yml")["services"]["service"]["environment"]
    form = re.compile(r"\$\{(\w+):(?:-([^}]*)|\?[^}]*)\}")
    return {name: form.sub(lambda m: exported.get(m[1]) or m[2] or "", text) for name, text in told.items()}


def settings_of_the_page() -> tuple[dict[str, str], dict[str, str]]:
    """Read the settings with this region's own validator, and those in their place with every member's."""
    page = (DEPLOY / "README.md").read_text("utf-8").split("name all four")
    own, others = (dict(re.findall(r"(?m)^ +(ECERT_\w+)=(\S+)$", part)) for part in page)
    return own, others


def test_the_dashboard_asks_the_source_that_is_provided() -> None:
    (source,) = read("grafana/datasource.yml")["datasources"]
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]

    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}
    assert all(panel["targets"] and " / " in panel["title"] for panel in panels)


def _rule_tests() -> list[dict[str, Any]]:
    return [rule for test in read("prometheus/rules_test.yml")["tests"] for rule in test["alert_rule_test"]]
