import os
import shutil
import zipfile
from pathlib import Path

import pytest

from headrace.bootstrap.java import Java, find_java
from headrace.bootstrap.progress import Progress
from headrace.errors import HeadraceError
from headrace.flink.java_classes import put_in_classes

JAVA = find_java(os.environ)
needs_compiler = pytest.mark.skipif(
    JAVA is None or not (JAVA.home / "bin" / "javac").is_file(),
    reason="needs a JDK: there is no javac",
)


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    path = tmp_path / "a.jar"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("p/Old.class", b"theirs")
        archive.writestr("p/Other.class", b"stays")
    return path


def source(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "p" / "Old.java"
    path.parent.mkdir()
    path.write_text(text)
    return path


@needs_compiler
def test_a_class_of_ours_takes_the_place_of_theirs(tmp_path: Path, jar: Path) -> None:
    assert JAVA is not None
    ours = source(tmp_path, "package p; public class Old {}")
    assert put_in_classes([ours], jar, JAVA, Progress())
    with zipfile.ZipFile(jar) as archive:
        assert archive.read("p/Old.class").startswith(b"\xca\xfe\xba\xbe")
        assert archive.read("p/Other.class") == b"stays"
        assert archive.namelist().count("p/Old.class") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("classes-")] == []


@needs_compiler
def test_what_does_not_compile_is_shown_with_its_line(tmp_path: Path, jar: Path) -> None:
    assert JAVA is not None
    wrong = source(tmp_path, "package p;\npublic class Old { int x = ; }")
    with pytest.raises(HeadraceError, match=r"(?s)javac failed \(1\).*Old\.java:2"):
        put_in_classes([wrong], jar, JAVA, Progress())


def test_without_a_compiler_the_jar_stays_as_it_is(
    tmp_path: Path, jar: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    java = Java(tmp_path / "jre" / "bin" / "java", 17)
    copy = shutil.copy(jar, tmp_path / "copy.jar")
    assert not put_in_classes([source(tmp_path, "")], jar, java, Progress())
    assert jar.read_bytes() == Path(copy).read_bytes()
    assert "no Java compiler" in capsys.readouterr().err
