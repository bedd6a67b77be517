#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# As the others here, many more times: 1,000 kills, 600 signals, every write and sync, 500
# losses of power.
set -eu
KILLS=1000 bash "${SRC:?}/tests/faults/kill.sh"
SIGNALS=200 bash "${SRC:?}/tests/faults/signals.sh"
STEP=1 bash "${SRC:?}/tests/faults/disk.sh"
FLIPS=1000 bash "${SRC:?}/tests/faults/files.sh"
CUTS=500 bash "${SRC:?}/tests/faults/power.sh"
KILLS=10 bash "${SRC:?}/tests/faults/ranks.sh"
