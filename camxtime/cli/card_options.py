"""Options by which a publisher describes a dataset: shared by `split --metadata` and `export --format card`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--licence", help="Card: licence of the dataset as a whole, an SPDX identifier or a URL."),
    click.option("--creator", "creators", multiple=True, help="Card: a creator's name. Repeatable."),
    click.option("--url", help="Card: where the dataset is published."),
    click.option(
        "--data-version", default="1.0.0", show_default=True, help="Card: version of the data, MAJOR.MINOR.PATCH."
    ),
    click.option("--date", help="Card: date of publication, YYYY-MM-DD.  [default: today]"),
)


def card_options(function: F) -> F:
    """Add the options; they arrive as licence, creators, url, data_version and date."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
