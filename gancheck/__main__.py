"""``python -m gancheck``."""

from gancheck.cli import main

main()
