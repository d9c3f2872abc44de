"""Packages ``module_file`` user code as a wheel, as TFX does, but without a build subprocess.

TFX runs ``setup.py bdist_wheel`` for each module file: seconds each, and other bytes every time.
The names, the version (TFX's own hash of the modules) and the contents are those of TFX, so what
TFX's cache has seen before stays cached.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.compiler.failures import error

# What TFX writes beside the modules, and never packages.
_NOT_PACKAGED = ("_tfx_generated_setup.py", "__init__.py")
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class UserModules:
    """What packaging read and wrote."""

    sources: tuple[Path, ...] = ()
    wheels: tuple[str, ...] = ()


def package_user_modules(components: Iterable[Any], pipeline_root: str) -> UserModules:
    """Package the module file of each component below ``pipeline_root`` and point it there.

    Raises:
        CompileError: a module file is missing or is not Python; names the component.
        OSError: the wheel cannot be written.
    """
    from tfx.components.util import udf_utils
    from tfx.dsl.components.base.base_component import BaseComponent

    sources: dict[Path, None] = {}
    wheels: dict[str, None] = {}
    for component in _through_sub_pipelines(components):
        if not isinstance(component, BaseComponent):
            continue
        futures = [
            pip
            for pip in component._pip_dependencies
            if isinstance(pip, udf_utils.UserModuleFilePipDependency)
        ]
        for future in futures:
            properties = component.spec.exec_properties
            module_file = properties.get(future.module_file_key)
            if not module_file or not isinstance(module_file, str):
                continue
            local = _local_copy(component.id, module_file)
            sources.update(dict.fromkeys((local, local.parent, *_siblings(local.parent))))
            wheel = _publish(component.id, local, pipeline_root)
            wheels[wheel] = None
            properties[future.module_path_key] = f"{local.stem}@{wheel}"
            properties[future.module_file_key] = None
    return UserModules(tuple(sources), tuple(wheels))


def _through_sub_pipelines(components: Iterable[Any]) -> Iterator[Any]:
    from tfx.orchestration.pipeline import Pipeline

    for component in components:
        if isinstance(component, Pipeline):
            yield from _through_sub_pipelines(component.components)
        else:
            yield component


def _local_copy(component_id: str, module_file: str) -> Path:
    from tfx.dsl.io import fileio
    from tfx.utils import io_utils

    if not fileio.exists(module_file):
        raise error(
            "ModuleFileMissing",
            f"module_file {module_file!r} of {component_id} does not exist",
            hint=f"a relative path is looked up in {os.getcwd()}; build it from __file__ instead",
        )
    if not module_file.endswith(".py") or "@" in module_file.rpartition("/")[2]:
        raise error(
            "ModuleFileInvalid",
            f"module_file {module_file!r} of {component_id} is not a Python module (name.py)",
        )
    return Path(os.path.abspath(io_utils.ensure_local(module_file)))


def _siblings(directory: Path) -> list[Path]:
    return sorted(path for path in directory.glob("*.py") if path.name != _NOT_PACKAGED[0])


def _publish(component_id: str, module_file: Path, pipeline_root: str) -> str:
    from tfx.components.util import udf_utils
    from tfx.dsl.io import fileio

    siblings = _siblings(module_file.parent)
    version_hash = udf_utils._get_version_hash(
        str(module_file.parent), [path.name for path in siblings]
    )
    name = f"tfx-user-code-{component_id}"
    modules = {p.name: p.read_bytes() for p in siblings if p.name not in _NOT_PACKAGED}
    file_name, content = build_wheel(name, f"0.0+{version_hash}", modules)
    directory = f"{pipeline_root.rstrip('/')}/_wheels"
    place = f"{directory}/{file_name}"
    if fileio.exists(place) and _read(place) == content:
        return place
    fileio.makedirs(directory)
    aside = f"{place}.{os.getpid()}.tmp"
    with fileio.open(aside, "wb") as file:
        file.write(content)
    fileio.rename(aside, place, overwrite=True)
    return place


def _read(place: str) -> bytes:
    from tfx.dsl.io import fileio

    with fileio.open(place, "rb") as file:
        return bytes(file.read())


def build_wheel(name: str, version: str, modules: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return file name and bytes of a pure Python wheel of top-level modules.

    The same arguments always give the same bytes.
    """
    distribution = re.sub(r"[-_.]+", "_", name).lower()
    stem = f"{distribution}-{version}"
    info = f"{stem}.dist-info"
    top_level = "".join(f"{module[:-3]}\n" for module in sorted(modules))
    entries = {
        **{module: modules[module] for module in sorted(modules)},
        f"{info}/METADATA": (
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            "Summary: User code of a TFX pipeline\nRequires-Python: >=3.6\n"
        ).encode(),
        f"{info}/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: headrace\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        f"{info}/top_level.txt": top_level.encode(),
    }
    record = "".join(f"{path},{_record_hash(data)},{len(data)}\n" for path, data in entries.items())
    entries[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path, data in entries.items():
            member = zipfile.ZipInfo(path, _ZIP_TIME)
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            archive.writestr(member, data)
    return f"{stem}-py3-none-any.whl", buffer.getvalue()


def _record_hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
