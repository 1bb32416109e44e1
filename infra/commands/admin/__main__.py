"""`infra/admin`: the command line with the real services behind it."""

from __future__ import annotations

import logging
import os
import sys

from .command_line import run
from .deployment import from_environment
from .screen import Screen

# What the store logs is for the functions' operator; here each command says it in a line of its own.
logging.getLogger("contact_sync").addHandler(logging.NullHandler())
try:
    sys.exit(run(sys.argv[1:], lambda options: from_environment(os.environ, options), Screen()))
except KeyboardInterrupt:
    sys.exit(130)
