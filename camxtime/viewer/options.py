"""What a user may choose about the page, checked."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from camxtime.errors import InputError

TOKEN_LENGTH = 16
THUMBS_BYTES = 2 * 2**30


@dataclass(frozen=True)
class ViewOptions:
    """What is looked at, and how.

    dataset: folder or URL. manifests: files of splits or benchmark items. predictions: folders of clips to compare with
    a benchmark's. recipes: files of recipes for the view of pairs. cache: folder for thumbnails and for what was read
    from far away; beside the dataset if None (in the user's cache folder if it is far away or read-only).
    cache_bytes: bound of the thumbnails. follow_links: read shards that are links to files outside the dataset.
    """

    dataset: str
    manifests: tuple[Path, ...] = ()
    predictions: tuple[Path, ...] = ()
    recipes: tuple[Path, ...] = ()
    cache: Path | None = None
    cache_bytes: int = THUMBS_BYTES
    follow_links: bool = False


@dataclass(frozen=True)
class Access:
    """Who may ask. host: address to listen at. names: further host names by which the page may be asked for."""

    host: str = "127.0.0.1"
    token: str | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.loopback and self.token is None:
            raise InputError(
                f"host: at {self.host} others on the network could see the dataset; give a --token of at least "
                f"{TOKEN_LENGTH} characters (or CAMXTIME_VIEW_TOKEN), or stay at 127.0.0.1."
            )
        if self.token is not None and not (
            TOKEN_LENGTH <= len(self.token) <= 256 and self.token.isascii() and self.token.isprintable()
        ):
            raise InputError(f"token: {TOKEN_LENGTH} to 256 printable ASCII characters are needed.")

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
