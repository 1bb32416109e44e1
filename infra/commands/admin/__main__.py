"""`infra/admin`: the command line with the real services behind it."""

from __future__ import annotations

import os
import sys

from .command_line import run
from .deployment import from_environment
from .screen import Screen

try:
    sys.exit(run(sys.argv[1:], lambda options: from_environment(os.environ, options), Screen()))
except KeyboardInterrupt:
    sys.exit(130)
