#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# As kill.sh and signals.sh, many more times.
KILLS=400 bash "${SRC:?}/tests/faults/kill.sh"
SIGNALS=200 bash "${SRC:?}/tests/faults/signals.sh"
