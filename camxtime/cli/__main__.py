"""`python -m camxtime.cli` is `camxtime`."""

from camxtime.cli import main

main()
