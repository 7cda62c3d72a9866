"""The command line: one thin command per verb; what each does is callable from Python.

Exit codes: 0 all is well, 1 work failed or something is wrong with the data, 2 bad input.
"""

from __future__ import annotations

import importlib
import keyword
import sys
from collections.abc import Sequence

import click

from camxtime.errors import CamxtimeError

COMMANDS = {
    "plan": "Say what a spec will make and what it will cost.",
    "render": "Render a spec into a dataset; run again to resume.",
    "status": "Show how far a running or finished render is.",
    "verify": "Prove a dataset complete and correct.",
    "info": "Show what a dataset holds, and draw contact sheets.",
    "split": "Cut held-out splits and benchmarks that cannot leak; freeze and check them.",
    "sample": "Draw source and target pairs and look at them.",
    "import": "Bring a dataset in from another format.",
    "export": "Write a dataset, a grid or a track in another format.",
    "qa": "Measure every grid, name what is not worth training on, and report.",
    "view": "Look at a dataset in a web page.",
    "evaluate": "Score predictions of any model on a benchmark, beside baselines.",
    "train": "Train the reference model on a dataset's pairs.",
    "doctor": "Check this machine for all that rendering needs.",
    "spec": "Check a spec, list what specs can name, export the JSON Schema.",
}


class LazyGroup(click.Group):
    """Imports a command's module only when it is called, so that `--help` is quick and needs no heavy library."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = f"{name}_" if keyword.iskeyword(name) else name
        return importlib.import_module(f"camxtime.cli.{module}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="camxtime", prog_name="camxtime")
def cli() -> None:
    """Manufacture camera×time datasets: every camera position at every animation time, rendered in Blender.

    \b
    camxtime plan scene_specs/demo.yaml            what it will make and cost
    camxtime render scene_specs/demo.yaml --out D  render it (again: resume)
    camxtime verify D                              prove it complete and correct
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point: runs the command line and exits with its code."""
    try:
        code = cli.main(args=list(argv) if argv is not None else None, prog_name="camxtime", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except CamxtimeError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone (`camxtime info D | head`)
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
