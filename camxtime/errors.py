"""The three kinds of failure a user meets, and the exit codes the command line gives them."""

from __future__ import annotations


class CamxtimeError(Exception):
    """A failure explained in one or two sentences: the file, the field, and the mend."""

    exit_code = 1


class InputError(CamxtimeError):
    """The user asked for something impossible or malformed (exit code 2)."""

    exit_code = 2


class DataError(CamxtimeError):
    """Stored data is damaged, incomplete or inconsistent (exit code 1)."""


class WorkError(CamxtimeError):
    """Work was attempted and failed: a render, a worker, a cluster (exit code 1)."""
