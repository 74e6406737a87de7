# shellcheck shell=bash
# Programs the benchmark needs beyond scripts/setup. Sourced by scripts/bench and scripts/build-release.

# shellcheck source=../../scripts/setup
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/setup"

# packages_need PROGRAM[:PACKAGE] …
# Only the programs are wanted: a server package would start its service and enable it. Fails instead of exiting.
packages_need() {
    local wanted missing=() as_root=() policy=/usr/sbin/policy-rc.d placed=no result=0
    for wanted in "$@"; do
        command -v "${wanted%%:*}" >/dev/null || missing+=("${wanted#*:}")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    if [ ! -e "$policy" ] && command -v "${as_root[0]:-tee}" >/dev/null; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 0755 "$policy"
        placed=yes
    fi
    (setup_programs "$@") </dev/null || result=$?
    [ "$placed" = no ] || "${as_root[@]}" rm -f "$policy"
    if [ "$result" -eq 0 ] && [ -d /run/systemd/system ]; then
        for wanted in nginx haproxy; do
            [[ " ${missing[*]} " != *" $wanted "* ]] || "${as_root[@]}" systemctl disable -q "$wanted" >&2 || true
        done
    fi
    return "$result"
}
