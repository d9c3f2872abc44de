"""``headrace new component|pipeline NAME``: a skeleton that works, with its tests."""

from __future__ import annotations

import argparse
from typing import Any

from headrace.errors import EXIT_DONE


def add_parser(commands: Any) -> None:
    """Register the command."""
    parser = commands.add_parser(
        "new",
        help="write a skeleton of a component or pipeline, with tests that pass",
        description=(
            "Write the files of a component, or of a pipeline with its DAG file and some data, "
            "and tests that pass as they are written. Nothing that exists is changed."
        ),
    )
    parser.add_argument("kind", choices=("component", "pipeline"))
    parser.add_argument("name", metavar="NAME", help="in lower case, as a Python module: row_count")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the files and say how they are tested.

    Raises:
        UsageError: the name cannot be used, or is taken.
    """
    from headrace.scaffold import Kind, skeleton, write_skeleton
    from headrace.settings import load_settings

    project = load_settings().project
    made = skeleton(Kind(args.kind), args.name, project)
    write_skeleton(made, project)
    for place in made.files:
        print(place)
    print(f"\nits tests:  bin/headrace test {made.tests}")
    if args.kind == Kind.PIPELINE:
        target = f"pipelines/{args.name}/pipeline.py:create_pipeline"
        print(f"a run:      bin/headrace run {target}")
    return EXIT_DONE
