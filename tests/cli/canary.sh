#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Nothing that a stranger writes into a scenario is ever obeyed: not by gnuplot, a shell,
# a browser, a spreadsheet or a terminal. tests/safety has what is tried.
set -euo pipefail
: "${HEADROOM:?}" "${SRC:?}"
command -v gnuplot >/dev/null && command -v python3 >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$SRC/tests/safety/canary.py" "$HEADROOM" "$work"
