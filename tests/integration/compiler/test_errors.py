"""What a pipeline's author is told, by real TFX compiling real files."""

from pathlib import Path

import pytest

from headrace.errors import UsageError
from tests.integration.compiler.conftest import Author

pytestmark = pytest.mark.integration

FINE = """
    from tfx import v1 as tfx

    def create_pipeline():
        examples = tfx.components.CsvExampleGen(input_base="/data")
        return tfx.dsl.Pipeline(pipeline_name="{name}", components=[examples])
"""


def line_of(file: Path, text: str) -> int:
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_function_that_raises_is_told_by_its_own_line(author: Author) -> None:
    helper = author.write(
        "birds/helper.py",
        """
        def columns(names):
            return names["beak"]  # wrong
        """,
    )
    author.write(
        "birds/pipeline.py",
        """
        from birds import helper

        def create_pipeline():
            return helper.columns({})
        """,
    )
    failure = author.failure("birds/pipeline.py:create_pipeline")
    assert failure.message == "KeyError while calling create_pipeline: 'beak'"
    assert (failure.file, failure.line) == (str(helper), line_of(helper, "# wrong"))


def test_what_tfx_raises_is_told_by_the_line_that_called_it(author: Author) -> None:
    file = author.write(
        "pipeline.py",
        """
        from tfx import v1 as tfx

        def create_pipeline():
            return tfx.components.StatisticsGen(examples=7)  # wrong
        """,
    )
    failure = author.failure("pipeline.py:create_pipeline")
    assert (failure.file, failure.line) == (str(file), line_of(file, "# wrong"))
    assert "while calling create_pipeline" in failure.message


def test_a_syntax_error_in_an_imported_module_has_its_place(author: Author) -> None:
    broken = author.write("helper.py", "x = 1\ny = (\n")
    author.write("pipeline.py", "import helper\n")
    failure = author.failure("pipeline.py:create_pipeline")
    assert (failure.error_type, failure.file, failure.line) == ("SyntaxError", str(broken), 2)


def test_no_source_text_is_kept_because_it_might_be_secret(author: Author) -> None:
    author.write("pipeline.py", "def f():\n    password = 'hunter2'; raise OSError('no')\n")
    manifest = author.compile("pipeline.py:f")
    assert manifest.failure is not None
    assert "hunter2" not in manifest.to_json()


@pytest.mark.parametrize(
    ("body", "error_type", "message", "hint"),
    [
        ("pass", "NotAPipeline", "f returned None, not a tfx.dsl.Pipeline", "forget return"),
        ("return [1]", "NotAPipeline", "f returned a list of int", "instead of the list"),
        ("import sys; sys.exit(3)", "SystemExit", "it called sys.exit(3)", "__main__"),
        ("import snowboard", "ModuleNotFoundError", "No module named 'snowboard'", "spelled right"),
        ("raise ValueError()", "ValueError", "ValueError while calling f: no message", ""),
    ],
)
def test_mistakes_in_the_function(
    author: Author, body: str, error_type: str, message: str, hint: str
) -> None:
    file = author.write("pipeline.py", f"def f():\n    {body}\n")
    failure = author.failure("pipeline.py:f")
    assert failure.error_type == error_type
    assert message in failure.message
    assert hint in failure.hint
    assert (failure.file, failure.line > 0) == (str(file), True)


@pytest.mark.parametrize(
    ("source", "error_type", "message", "hint"),
    [
        ("def f(a, *, b, c=1): ...", "RequiredArguments", "required arguments a, b,", "default"),
        ("def create_pipelin(): ...", "FunctionMissing", "has no function f", "create_pipelin"),
        ("f = 7", "NotAFunction", "f in {file} is an int, not a function", "returns a tfx"),
        ("class f: ...", "NotAFunction", "is the class f", "returns a tfx"),
        ("async def f(): ...", "NotAPipeline", "f returned a coroutine", "returns a tfx"),
    ],
)
def test_what_the_target_names_must_be_a_function_without_required_arguments(
    author: Author, source: str, error_type: str, message: str, hint: str
) -> None:
    file = author.write("pipeline.py", f"{source}\n")
    failure = author.failure("pipeline.py:f")
    assert failure.error_type == error_type
    assert message.format(file=file) in failure.message
    assert hint in failure.hint
    assert failure.file == str(file)


def test_a_wrong_target_is_wrong_use(author: Author) -> None:
    with pytest.raises(UsageError, match=r"pipeline file nowhere\.py does not exist"):
        author.compile("nowhere.py:f")


def test_a_module_name_that_belongs_to_another_package_is_named(author: Author) -> None:
    file = author.write("json/pipeline.py", FINE.format(name="named_as_json"))
    failure = author.failure("json/pipeline.py:create_pipeline")
    assert failure.error_type == "ModuleNameTaken"
    assert f"{file} would be imported as json.pipeline" in failure.message


def test_two_pipelines_of_one_name(author: Author) -> None:
    author.write("one.py", FINE.format(name="birds"))
    two = author.write("two.py", FINE.format(name="birds"))
    assert author.compile("one.py:create_pipeline").failure is None
    failure = author.failure("two.py:create_pipeline")
    assert "two pipelines have the name 'birds'" in failure.message
    assert f"{author.project}/one.py:create_pipeline" in failure.message
    assert failure.file == str(two)
    (author.project / "one.py").unlink()
    assert author.compile("two.py:create_pipeline").failure is None


def test_one_function_by_two_spellings_is_one_pipeline(author: Author) -> None:
    author.write("birds/__init__.py", "")
    author.write("birds/pipeline.py", FINE.format(name="birds"))
    by_path = author.compile("birds/pipeline.py:create_pipeline")
    by_module = author.compile("birds.pipeline:create_pipeline")
    assert (by_module.failure, by_module.key) == (None, by_path.key)


def in_a_pipeline(source: str) -> str:
    indented = source.strip().replace("\n", "\n    ")
    return (
        "from tfx import v1 as tfx\n"
        "from tfx.orchestration.pipeline import ExecutionMode\n"
        "from tfx.dsl.experimental.node_execution_options.utils import NodeExecutionOptions\n"
        "from tfx.dsl.components.base import base_node\n"
        "RuntimeParameter = tfx.dsl.experimental.RuntimeParameter\n\n"
        "@tfx.dsl.components.component\n"
        "def Say(text: tfx.dsl.components.Parameter[str]) -> None: ...\n\n"
        f"def f():\n    {indented}\n"
    )


CONTAINER = """
make = tfx.dsl.experimental.create_container_component(
    name="Shell", image="alpine", command=["echo"], inputs={}, outputs={}, parameters={}
)
return tfx.dsl.Pipeline(pipeline_name="p", components=[make().with_id("in_a_box")])
"""
UNKNOWN_KIND = """
class Odd(base_node.BaseNode):
    inputs = outputs = exec_properties = {}
return tfx.dsl.Pipeline(pipeline_name="p", components=[Odd().with_id("oddity")])
"""
EMBEDDED = """
say = tfx.components.Pusher(
    model=tfx.dsl.Importer(
        source_uri="/m", artifact_type=tfx.types.standard_artifacts.Model).outputs["result"],
    push_destination={"filesystem": {"base_directory": RuntimeParameter("where", ptype=str)}},
)
return tfx.dsl.Pipeline(pipeline_name="p", components=[say])
"""
TWO_TYPES = """
say = [
    Say(text=RuntimeParameter("x", ptype=str, default="a")),
    Say(text=RuntimeParameter("x", ptype=str, default="b")).with_id("Again"),
]
return tfx.dsl.Pipeline(pipeline_name="p", components=say)
"""
SAME_ID = """
return tfx.dsl.Pipeline(pipeline_name="p", components=[Say(text="a"), Say(text="b")])
"""
ASYNC = """
return tfx.dsl.Pipeline(
    pipeline_name="p", components=[Say(text="a")], execution_mode=ExecutionMode.ASYNC)
"""
NO_TYPE = """
return tfx.dsl.Pipeline(pipeline_name="p", components=[Say(text=RuntimeParameter("x"))])
"""
LIFETIME = """
say, end = Say(text="a"), Say(text="b").with_id("End")
end.node_execution_options = NodeExecutionOptions(lifetime_start="Say")
inner = tfx.dsl.Pipeline(pipeline_name="inner", components=[say, end])
return tfx.dsl.Pipeline(pipeline_name="p", components=[inner])
"""
OPTIONAL = """
say = Say(text="a")
say.node_execution_options = NodeExecutionOptions(success_optional=True)
return tfx.dsl.Pipeline(pipeline_name="p", components=[say])
"""
MISSING_MODULE_FILE = """
t = tfx.components.Trainer(module_file="gone.py", examples=tfx.components.CsvExampleGen(
    input_base="/d").outputs["examples"])
return tfx.dsl.Pipeline(pipeline_name="p", components=[t])
"""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (CONTAINER, "node in_a_box is a container component"),
        (UNKNOWN_KIND, "node oddity is a "),
        (EMBEDDED, "push_destination of Pusher has a RuntimeParameter inside a larger value"),
        (TWO_TYPES, "runtime parameter 'x' has two defaults: 'b' in Again and 'a' in Say"),
        (SAME_ID, "Duplicated node_id Say"),
        (ASYNC, "pipeline 'p' has execution mode ASYNC"),
        (LIFETIME, "node End ends a lifetime"),
        (OPTIONAL, "node Say has success_optional"),
        (NO_TYPE, "NoneType.__new__(X)"),
        ("return tfx.dsl.Pipeline(pipeline_name='p', components=[])", "'p' has no components"),
        (MISSING_MODULE_FILE, "module_file 'gone.py' of Trainer does not exist"),
    ],
    ids=[
        *("container", "kind", "embedded", "defaults", "id", "async", "lifetime", "optional"),
        *("type", "empty", "module"),
    ],
)
def test_what_cannot_run_here_is_refused_by_name(author: Author, source: str, message: str) -> None:
    file = author.write("pipeline.py", in_a_pipeline(source))
    failure = author.failure("pipeline.py:f")
    assert message in failure.message
    assert failure.hint
    assert failure.file == str(file)
