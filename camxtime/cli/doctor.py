"""`camxtime doctor`: is this machine ready to render, and if not, which command mends it."""

from __future__ import annotations

import click

from camxtime.cli.tables import print_json
from camxtime.doctor import run_checks

MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


@click.command("doctor")
@click.option("--out", metavar="FOLDER|URL", help="Also check that a dataset can be written there.")
@click.option("--blender", type=click.Path(), help="Check this `blender` executable instead of the bpy wheel.")
@click.option("--address", help="Also check that this Ray cluster answers (host:port).")
@click.option("--brief", is_flag=True, help="Print only what is not in order.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable output.")
def command(out: str | None, blender: str | None, address: str | None, brief: bool, as_json: bool) -> int:
    """Check Python, Blender, its shared libraries and devices, scratch space, Ray and the target folder.

    \b
    camxtime doctor
    camxtime doctor --out /data/my-dataset --blender /opt/blender-5.0/blender
    camxtime doctor --out s3://bucket/my-dataset
    """
    checks = run_checks(out, blender, address)
    failed = any(check.state == "fail" for check in checks)
    if as_json:
        print_json({"ok": not failed, "checks": [vars(check) for check in checks]})
        return int(failed)
    for check in checks:
        if brief and check.state == "ok":
            continue
        mark, colour = MARKS[check.state]
        click.echo(f"{click.style(mark, fg=colour)}  {check.name:12s} {check.message}")
        if check.mend and check.state != "ok":
            click.echo(f"      {'':12s} → {check.mend}")
    if not brief:
        click.echo("This machine cannot render yet." if failed else "Ready to render.")
    return int(failed)
