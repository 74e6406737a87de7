# shellcheck shell=bash
# Programs from Debian packages, installed when missing. Sourced by scripts/bench and scripts/build-release.

# packages_need PROGRAM[:PACKAGE] …
packages_need() {
    local wanted program package missing=()
    for wanted in "$@"; do
        program=${wanted%%:*}
        package=${wanted#*:}
        command -v "$program" >/dev/null || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    packages_install "${missing[@]}"
}

packages_install() {
    local as_root=()
    if ! command -v apt-get >/dev/null; then
        echo "missing, and this is no Debian to install them on: $*" >&2
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "missing; as root run: apt-get install -y --no-install-recommends $*" >&2
            return 1
        fi
        as_root=(sudo)
    fi
    echo "installing $*" >&2
    # A package list may be absent or old.
    without_services "$@" && return 0
    "${as_root[@]}" apt-get update -q >&2
    without_services "$@"
}

# Server packages would start their service and enable it; only the programs are wanted. Uses the caller's as_root.
without_services() {
    local policy=/usr/sbin/policy-rc.d placed=no result=0 package
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 0755 "$policy"
        placed=yes
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "$@" >&2 </dev/null || result=$?
    [ "$placed" = no ] || "${as_root[@]}" rm -f "$policy"
    if [ -d /run/systemd/system ]; then
        for package in "$@"; do
            case $package in
                nginx | haproxy) "${as_root[@]}" systemctl disable -q "$package" >&2 || true ;;
            esac
        done
    fi
    return "$result"
}
