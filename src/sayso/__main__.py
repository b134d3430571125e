"""`python -m sayso` is `sayso`."""

from __future__ import annotations

import sys

from sayso.cli import main

sys.exit(main())
