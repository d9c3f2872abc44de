"""Options of the command line that say how Beam runs: for ``run``, ``up`` and ``demo``."""

from __future__ import annotations

import argparse
from dataclasses import replace

from headrace.errors import UsageError
from headrace.settings import Runner, Settings
from headrace.settings.flink import master_url


def add_options(parser: argparse.ArgumentParser, runner_help: str = "Beam runner") -> None:
    """Add ``--runner``, ``--flink-master`` and ``--beam-arg``."""
    parser.add_argument("--runner", choices=("direct", "flink"), help=runner_help)
    parser.add_argument(
        "--flink-master",
        type=_master,
        metavar="URL",
        help="a Flink cluster that runs already; implies --runner flink",
    )
    parser.add_argument(
        "--beam-arg",
        action="append",
        type=_beam_argument,
        default=[],
        dest="beam_args",
        metavar="--NAME=VALUE",
        help="a Beam argument, over the settings', the pipeline's and the nodes' own: "
        "--beam-arg=--parallelism=2; may be given again",
    )


def chosen_runner(args: argparse.Namespace) -> str:
    """The runner that the command line asks for; empty: it leaves that to the settings.

    Raises:
        UsageError: it asks for a Flink cluster and for another runner.
    """
    runner: str = args.runner or ""
    if args.flink_master and runner not in ("", Runner.FLINK.value):
        raise UsageError(f"--flink-master is for runner flink, and --runner is {runner}")
    return Runner.FLINK.value if args.flink_master else runner


def with_options(settings: Settings, args: argparse.Namespace) -> Settings:
    """The settings with what the command line says of Beam and Flink put over them."""
    overrides = [*settings.beam_overrides]
    flink = settings.flink
    if args.flink_master:
        overrides.append(f"--flink_master={args.flink_master}")
        flink = replace(flink, master=args.flink_master)
    return replace(settings, beam_overrides=(*overrides, *args.beam_args), flink=flink)


def _beam_argument(text: str) -> str:
    if not text.startswith("--") or len(text) < 3:
        raise argparse.ArgumentTypeError(f"{text!r} is not --NAME=VALUE")
    return text


def _master(text: str) -> str:
    try:
        return master_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
