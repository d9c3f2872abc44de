"""The manifests fit together."""

from typing import Any

import yaml

from headrace.flink.foreground import BLOB_PORT, REST_PORT, RPC_PORT, TASK_MANAGER_PORT
from tests.containers import DOCKER, manifests


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [item for item in manifests() if item["kind"] == kind]


def pods() -> list[dict[str, Any]]:
    return [item["spec"]["template"] for item in of_kind("Deployment")]


def test_the_kustomization_has_every_manifest_and_the_image() -> None:
    text = yaml.safe_load((DOCKER / "kubernetes" / "kustomization.yaml").read_text())
    files = {path.name for path in (DOCKER / "kubernetes").glob("*.yaml")}
    assert {*text["resources"], "kustomization.yaml"} == files
    images = {one["image"] for pod in pods() for one in pod["spec"]["containers"]}
    assert images == {item["name"] for item in text["images"]}


def test_the_jobmanagers_address_is_its_service_with_every_port() -> None:
    [service] = of_kind("Service")
    assert service["metadata"]["name"] == "jobmanager"
    [pod] = [
        pod
        for pod in pods()
        if service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    ]
    ports = [RPC_PORT, BLOB_PORT, REST_PORT]
    assert [port["port"] for port in service["spec"]["ports"]] == ports
    [container] = pod["spec"]["containers"]
    assert [port["containerPort"] for port in container["ports"]] == ports


def test_each_container_has_the_shared_volume_limits_and_no_privileges() -> None:
    [claim] = of_kind("PersistentVolumeClaim")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in pods():
        spec = pod["spec"]
        claimed = [item["persistentVolumeClaim"]["claimName"] for item in spec["volumes"]]
        assert claimed == [claim["metadata"]["name"]]
        assert spec["securityContext"]["runAsNonRoot"] is True
        for container in spec["containers"]:
            assert container["volumeMounts"] == [{"name": "shared", "mountPath": "/shared"}]
            assert container["resources"]["limits"]["memory"]
            assert container["securityContext"]["allowPrivilegeEscalation"] is False


def test_a_worker_pool_is_beside_each_taskmanager() -> None:
    [pod] = [pod for pod in pods() if pod["metadata"]["labels"]["role"] == "taskmanager"]
    assert [item["name"] for item in pod["spec"]["containers"]] == ["taskmanager", "worker-pool"]
    taskmanager = pod["spec"]["containers"][0]
    assert taskmanager["startupProbe"]["tcpSocket"]["port"] == TASK_MANAGER_PORT


def test_every_selector_and_policy_is_of_the_pods() -> None:
    [policy] = of_kind("NetworkPolicy")
    chosen = policy["spec"]["podSelector"]["matchLabels"]
    for item in of_kind("Deployment"):
        labels = item["spec"]["template"]["metadata"]["labels"]
        assert item["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert chosen.items() <= labels.items()
