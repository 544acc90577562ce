"""``python -m gancheck``: the command line, alone or as one of several processes (torchrun)."""

import os

from gancheck.cli import main

if "WORLD_SIZE" in os.environ:
    from gancheck.crew.joining import launched, run

    if launched(os.environ):
        run(main)
main()
