#!/usr/bin/env bash
# Prepares what the live guest test (tests/tests/live_guest) boots, in
#     <cargo's target folder>/live-guest
# namely
#     vmlinuz       Debian's kernel for virtual machines, taken out of its package (which is not installed)
#     initrd.cpio   an initramfs: the guest program (*.c) as /init, and six kernel modules
#
# It installs the emulator, and a C compiler where there is none, from Debian's archive. Where apt
# would have to remove something for the emulator, it unpacks the packages into that folder instead:
#     qemu-system-x86_64   a wrapper that starts the unpacked emulator
# All else stays in that folder. Run again, it redoes only what is missing or older than its source.
#
# Usage: tests/live/prepare.sh      (as root, or as a user who may sudo)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$here/../.." && pwd)
out=$(realpath -m "${CARGO_TARGET_DIR:-$workspace/target}")/live-guest
# In the order in which the guest loads them: each needs those before it.
modules=(brd virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci virtio_blk)
# The package that depends on the newest kernel of the release.
kernel_series=linux-image-cloud-amd64

say() { printf 'prepare: %s\n' "$*"; }

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

update_package_lists() {
    [[ -z ${lists_are_fresh:-} ]] || return 0
    say "apt-get update"
    as_root apt-get update -q=2
    lists_are_fresh=yes
}

install_tools() {
    local packages=()
    command -v gcc >/dev/null || packages+=(gcc)
    [[ -e /usr/lib/x86_64-linux-gnu/libc.a ]] || packages+=(libc6-dev)
    command -v setpriv >/dev/null || packages+=(util-linux)
    command -v xz >/dev/null || packages+=(xz-utils)
    if [[ ${#packages[@]} -eq 0 ]]; then
        say "tools: all there"
        return
    fi
    update_package_lists
    install "${packages[@]}"
}

install() {
    say "installing $*"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q=2 -y --no-install-recommends --no-remove \
        -o APT::Keep-Downloaded-Packages=false -o Dpkg::Use-Pty=0 "$@" >"$out/install.log" 2>&1 ||
        { cat "$out/install.log"; return 1; }
}

# The emulator: the one of this machine, or an installed one, or an unpacked one.
provide_emulator() {
    local wrapper=$out/qemu-system-x86_64 plan removed
    if command -v qemu-system-x86_64 >/dev/null; then
        rm -rf "$wrapper" "$out/qemu"
        say "emulator: there ($(qemu-system-x86_64 --version | head -n 1))"
        return
    fi
    if [[ -x $wrapper ]] && "$wrapper" --version >/dev/null 2>&1; then
        say "emulator: there, unpacked ($("$wrapper" --version | head -n 1))"
        return
    fi
    update_package_lists
    # A plan that removes something may go with a status of success.
    plan=$(LC_ALL=C apt-get install -s --no-install-recommends qemu-system-x86)
    removed=$(awk '$1 == "Remv" { printf "%s%s", separator, $2; separator = ", " }' <<<"$plan")
    if [[ -z $removed ]]; then
        install qemu-system-x86
        return
    fi
    say "apt would have to remove $removed for the emulator: unpacking it into $out/qemu instead"
    unpack_emulator "$plan" "$wrapper"
}

# Unpacks all packages of a plan of apt's, and makes a wrapper that starts the emulator among them.
unpack_emulator() { # plan wrapper
    local tree=$out/qemu packages archive
    mapfile -t packages < <(awk '$1 == "Inst" { print $2 }' <<<"$1")
    rm -rf "$tree"
    mkdir -p "$tree/archives"
    (cd "$tree/archives" && apt-get download -q=2 -o APT::Sandbox::User=root "${packages[@]}")
    for archive in "$tree"/archives/*.deb; do
        dpkg-deb --extract "$archive" "$tree"
    done
    rm -rf "$tree/archives"
    cat >"$2.part" <<'EOF'
#!/bin/sh
# Made by tests/live/prepare.sh.
tree=$(dirname "$(readlink -f "$0")")/qemu
# Some packages have their libraries in /lib, which is /usr/lib where they are installed.
libraries=$tree/usr/lib/x86_64-linux-gnu:$tree/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
exec "$tree/usr/bin/qemu-system-x86_64" \
    -L "$tree/usr/share/qemu" -L "$tree/usr/share/seabios" -L "$tree/usr/lib/ipxe/qemu" "$@"
EOF
    chmod +x "$2.part"
    mv "$2.part" "$2"
    "$2" --version >/dev/null || { say "the unpacked emulator does not start"; return 1; }
    say "emulator: unpacked ${#packages[@]} packages ($("$2" --version | head -n 1))"
}

# Takes the kernel and its modules out of the package. Installing it would pull in initramfs-tools
# and udev, and with udev another version of systemd, which is no business of ours.
fetch_kernel() {
    if [[ -e $out/kernel.done ]]; then
        say "kernel: there ($(cat "$out/kernel.done"))"
        return
    fi
    update_package_lists
    local package tree=$out/kernel-package module file
    package=$(apt-cache depends "$kernel_series" | awk '/Depends: linux-image/ { print $2; exit }')
    [[ -n $package ]] || { say "no package provides $kernel_series: is this Debian on amd64?"; return 1; }
    say "downloading $package and taking it apart"
    rm -rf "$tree"
    mkdir -p "$tree" "$out/modules"
    # Without the sandbox user, who could not write to this folder.
    (cd "$tree" && apt-get download -q=2 -o APT::Sandbox::User=root "$package")
    dpkg-deb --extract "$tree"/*.deb "$tree"
    cp "$tree"/boot/vmlinuz-* "$out/vmlinuz"
    for module in "${modules[@]}"; do
        file=$(find "$tree" -name "$module.ko" -o -name "$module.ko.xz")
        case $file in
            *.ko) cp "$file" "$out/modules/" ;;
            *.ko.xz) xz -dc "$file" >"$out/modules/$module.ko" ;;
            *) say "$package has no module $module"; return 1 ;;
        esac
    done
    rm -rf "$tree"
    echo "$package" >"$out/kernel.done"
}

# One entry of a "newc" archive, which is what the kernel unpacks as its first root file system.
inode=0
cpio_entry() { # name mode [file]
    local name=$1 mode=$2 file=${3:-/dev/null} size
    size=$(stat -L -c %s "$file")
    inode=$((inode + 1))
    # magic; inode mode uid gid links mtime size; device and node numbers (4); name length; checksum
    printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X' \
        "$inode" "$mode" 0 0 1 0 "$size" 0 0 0 0 $((${#name} + 1)) 0
    printf '%s\0' "$name"
    pad $((110 + ${#name} + 1))
    cat "$file"
    pad "$size"
}

pad() { head -c $((-$1 & 3)) /dev/zero; } # up to a multiple of four

build_initramfs() {
    local archive=$out/initrd.cpio module newer
    # Among the sources is this script.
    newer=$(find "$here" "$out/kernel.done" -type f -newer "$archive" 2>&1) || true
    if [[ -z $newer ]]; then
        say "initramfs: up to date"
        return
    fi
    say "compiling the guest program, packing the initramfs"
    gcc -std=gnu11 -O1 -Wall -Wextra -Werror -static -no-pie -fcf-protection=none -o "$out/init" "$here"/*.c
    {
        cpio_entry init 0100755 "$out/init"
        cpio_entry dev 040755
        cpio_entry modules 040755
        for module in "${modules[@]}"; do
            cpio_entry "modules/$module.ko" 0100644 "$out/modules/$module.ko"
        done
        cpio_entry 'TRAILER!!!' 0
    } >"$archive.part"
    mv "$archive.part" "$archive"
}

say "output: $out"
mkdir -p "$out"
install_tools
provide_emulator
fetch_kernel
build_initramfs
say "ready; now: cargo test -p prober-tests --test live_guest -- --ignored --nocapture"
