#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every rule in tests/rules/rules.txt has a test that carries its number, or is printed
# in the reference as not modelled.
set -eu
cd "${SRC:?}"
failed=0
while read -r number what; do
    case $number in '' | '#'*) continue ;; esac
    name=rule_$(echo "$number" | tr . _)_
    if ! grep -qsE "cmocka_unit_test[a-z_]*\\(${name}" tests/rules/*.c &&
        ! grep -qF "{\"$number\"," models/omitted.c; then
        echo "rule $number ($what): neither a test $name... nor in models/omitted.c" >&2
        failed=1
    fi
done <tests/rules/rules.txt
exit $failed
