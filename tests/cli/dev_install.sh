#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `dev demo` asks apt-get for what is missing and nothing else, then builds, runs the
# scenario and says where the figure is. All programs here are stand-ins that write down
# how they were called.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir -p "$place/tools" "$place/tree/build/release/bin"
cp "${SRC:?}/dev" "$place/tree/dev"
export CALLS="$place/calls"

for tool in bash sh env dirname cat cut tr id tail ln mktemp; do
    ln -s "$(command -v "$tool")" "$place/tools/$tool"
done

stand_in() { # stand_in PATH BODY
    printf '#!/bin/sh\necho "%s $*" >>"$CALLS"\n%s\n' "${1##*/}" "$2" >"$1"
    chmod +x "$1"
}
for tool in cmake ninja pkg-config cc; do
    stand_in "$place/tools/$tool" :
done
stand_in "$place/tools/sudo" 'exec "$@"'
stand_in "$place/tools/apt-get" \
    "case \$1 in install) ln -s /bin/true '$place/tools/gnuplot' ;; esac"
stand_in "$place/tree/build/release/bin/headroom" :

output=$(PATH="$place/tools" "$place/tree/dev" demo 2>&1 </dev/null)
echo "$output"
cat "$CALLS"
echo "$output" | grep -q "The figure is $place/tree/quickstart.svg"
grep -qx 'apt-get install -y -qq --no-install-recommends gnuplot-nox' "$CALLS"
grep -q '^headroom run experiments/library/quickstart.json --plot quickstart.svg' "$CALLS"

# The second time nothing is missing and nothing is installed.
: >"$CALLS"
PATH="$place/tools" "$place/tree/dev" demo >/dev/null 2>&1 </dev/null
if grep -q apt-get "$CALLS"; then
    echo 'installed again what was there' >&2
    exit 1
fi
