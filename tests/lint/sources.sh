#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What every C file keeps to: the licence line, 88 columns, no tabs, no trailing blanks,
# no typedef of structs.
set -eu
cd "${SRC:?}"
failed=0
layers="sim models plots experiments tests"

complain() {
    echo "$1" >&2
    failed=1
}

for file in $(find $layers -name '*.[ch]' | sort); do
    [ "$(head -n 1 "$file")" = '/* SPDX-License-Identifier: GPL-3.0-or-later */' ] ||
        complain "$file:1: must begin with the licence line"
done

# Characters, not bytes: C.UTF-8 is in every glibc since 2.35 and in Debian long before.
long=$(LC_ALL=C.UTF-8 grep -rnE --include='*.[ch]' '^.{89,}' $layers | cut -d: -f1,2) || true
[ -z "$long" ] || complain "longer than 88 columns:
$long"

blanks=$(grep -rnE --include='*.[ch]' "$(printf '(\t|[[:space:]]$)')" $layers |
    cut -d: -f1,2) || true
[ -z "$blanks" ] || complain "tabs or trailing blanks:
$blanks"

names=$(grep -rnE --include='*.[ch]' '^[[:space:]]*typedef (struct|enum|union)' $layers) ||
    true
[ -z "$names" ] || complain "a struct is called struct:
$names"
exit $failed
