#!/usr/bin/env bash
# Makes a base image from Debian's packages, where no registry can be reached: make_base.sh IMAGE, as root.
# The tarball stays in the cache, so a second run takes seconds.
set -euo pipefail

image=${1:?usage: make_base.sh IMAGE}
suite=bookworm
cache=${XDG_CACHE_HOME:-$HOME/.cache}/nbjudge
tarball=$cache/$suite.tar

if podman image exists "$image"; then
    exit # a new one, though the same, would cost every layer on top of it
fi
if [ ! -f "$tarball" ]; then
    # Where this machine's apt gets Debian from.
    codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mirror=$(apt-get indextargets --format '$(RELEASE) $(SITE)' | awk -v codename="$codename" '$1 == codename {print $2; exit}')
    root=$(mktemp -d)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase "$suite" "$root" "$mirror"
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
    mkdir -p "$cache"
    tar --directory "$root" --create --file "$tarball.part" .
    mv "$tarball.part" "$tarball"
fi
podman import "$tarball" "$image"
