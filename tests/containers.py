"""What docker/ says: compose's services, Kubernetes' containers and the image, as plain data."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.documents import PROJECT

DOCKER = PROJECT / "docker"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def compose_text() -> str:
    return (DOCKER / "compose.yaml").read_text()


def compose() -> dict[str, Any]:
    """The file with its variables at their defaults; one without is left as it is."""
    filled = _VARIABLE.sub(lambda found: found[0] if found[2] is None else found[2], compose_text())
    loaded: dict[str, Any] = yaml.safe_load(filled)
    return loaded


def variables() -> dict[str, str]:
    """The variables that compose's file reads, with their defaults."""
    return dict(_VARIABLE.findall(compose_text()))


def manifests() -> list[dict[str, Any]]:
    """Every object that Kubernetes is given."""
    return [
        item
        for path in sorted((DOCKER / "kubernetes").glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for item in yaml.safe_load_all(path.read_text())
    ]


@dataclass(frozen=True)
class Container:
    """One container: what it runs, and with which variables."""

    name: str
    command: list[str]
    environ: dict[str, str] = field(default_factory=dict)


def containers() -> list[Container]:
    """Those of headrace's image, in compose and on Kubernetes."""
    found = [
        Container(f"compose:{name}", service["command"], service.get("environment", {}))
        for name, service in compose()["services"].items()
        if service["image"] == "headrace"
    ]
    for item in manifests():
        if item["kind"] == "Deployment":
            for pod in item["spec"]["template"]["spec"]["containers"]:
                environ = {one["name"]: one["value"] for one in pod.get("env", [])}
                found.append(Container(f"kubernetes:{pod['name']}", pod["args"], environ))
    return found


def container(name: str) -> Container:
    return next(item for item in containers() if item.name == name)


@dataclass(frozen=True)
class Instruction:
    """A line of the Dockerfile, continued lines joined, comments left out."""

    stage: int
    name: str
    text: str

    def words(self) -> list[str]:
        """Its words without options; of a JSON list, its items."""
        if self.text.startswith("["):
            items: list[str] = json.loads(self.text)
            return items
        return [word for word in self.text.split() if not word.startswith("--")]


def dockerfile() -> list[Instruction]:
    lines = (DOCKER / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    found, stage = [], 0
    for line in re.sub(r"\\\n\s*", "", text).splitlines():
        name, _, rest = line.strip().partition(" ")
        stage += name == "FROM"
        if name:
            found.append(Instruction(stage, name, rest.strip()))
    return found


def image_environ() -> dict[str, str]:
    """The variables that the image sets, but for PATH."""
    words = [
        word
        for item in dockerfile()
        if item.name == "ENV" and item.stage == dockerfile()[-1].stage
        for word in item.words()
    ]
    return {
        name: value for name, _, value in (word.partition("=") for word in words) if name != "PATH"
    }


def copied() -> list[Path]:
    """What the image takes from the repository."""
    return [
        PROJECT / source
        for item in dockerfile()
        if item.name == "COPY" and "--from=" not in item.text
        for source in item.words()[:-1]
    ]
