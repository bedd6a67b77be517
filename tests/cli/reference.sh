#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The committed reference and schema are what the program prints; `./dev docs` writes
# them anew.
set -euo pipefail
diff "$SRC/docs/reference.md" <("$HEADROOM" kinds)
diff "$SRC/docs/scenario.schema.json" <("$HEADROOM" schema)
