"""`python -m camxtime.training.ablation`: run the whole ablation, or what is left of it, and write the report."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from camxtime.errors import CamxtimeError, InputError, WorkError


@click.command("ablation")
@click.argument("dataset", type=click.Path())
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of all runs.")
@click.option("--manifest", default="", metavar="JSON", help="Splits: train on 'train', score on 'test'.  "
              "[default: cut one that holds out scenes and animations, into --out]")  # fmt: skip
@click.option("--setting", type=click.Choice(["auto", "cpu", "gpu", "tiny"]), default="auto", show_default=True,
              help="Sizes: auto is gpu where there is a GPU, else cpu.")  # fmt: skip
@click.option("--conditions", default="", metavar="A,B,…", help="Only these conditions.")
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Runs at a time.")
@click.option("--steps", type=click.IntRange(min=1), help="Steps of a run, in place of the setting's.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Markdown file to write, with pictures "
              "beside it.  [default: OUT/report.md]")  # fmt: skip
@click.option("--only", hidden=True, help="One run, CONDITION:SEED, and no report.")
def command(
    dataset: str,
    out: Path,
    manifest: str,
    setting: str,
    conditions: str,
    jobs: int,
    steps: int | None,
    report: Path | None,
    only: str | None,
) -> None:
    """Train every condition with every seed, score all on the same held-out clips, and write the report.

    \b
    python -m camxtime.training.ablation out/ablation-data --out out/ablation --report docs/ablation.md
    """
    import camxtime
    from camxtime.training.ablation.plan import chosen
    from camxtime.training.ablation.report import write_report
    from camxtime.training.ablation.runs import Study, run_all, run_one, score_baselines

    data = camxtime.open(dataset)
    study = Study(dataset, manifest or str(_manifest(data, out)), out, _setting(setting), steps)
    if only is not None:
        name, _, seed = only.partition(":")
        run_one(study, data, chosen(name)[0].name, int(seed))
        return
    kinds = chosen(conditions)
    score_baselines(study, data)
    failed = run_all(study, [(kind.name, seed) for seed in study.of.seeds for kind in kinds], jobs)
    write_report(study, data, kinds, report or out / "report.md")
    click.echo(f"Report: {report or out / 'report.md'}")
    if failed:
        names = ", ".join(f"{name} {seed}" for name, seed in failed)
        raise WorkError(f"These runs failed: {names}; see {out / 'logs'}, and run again.")


def _setting(name: str) -> str:
    if name != "auto":
        return name
    import torch

    return "gpu" if torch.cuda.is_available() else "cpu"


def _manifest(dataset: object, out: Path) -> Path:
    """The manifest in `out`, cut first if there is none: an eighth of the scenes, with all their animations."""
    path = out / "manifest.json"
    if path.is_file():
        return path
    try:
        from camxtime.splits import Recipe, content_of, cut
    except ImportError as error:
        raise InputError(
            f"Cutting splits needs pydantic ({error}): pip install pydantic, or give --manifest a file cut elsewhere with "
            "camxtime split."
        ) from error
    cut(content_of(dataset), Recipe({"test": "12.5%"}), "ablation").write(path)  # type: ignore[arg-type]
    return path


if __name__ == "__main__":
    try:
        command.main(standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except CamxtimeError as problem:
        click.echo(f"Error: {problem}", err=True)
        sys.exit(problem.exit_code)
