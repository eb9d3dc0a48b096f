#!/bin/sh
# A release builds where there are no autotools, in its own folder, and goes on
# doing so when all its files are of the same time. What recipes for packages do
# with it then works.
# usage: release.sh kev-VERSION.tar.gz
[ $# = 1 ] || { echo "usage: $0 kev-VERSION.tar.gz" >&2; exit 2; }
work=$(mktemp -d "${TMPDIR:-/tmp}/kev-release.XXXXXX") || exit
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
unset KEV_SOCKET DESTDIR MAKEFLAGS MFLAGS

fail() {
	echo "release: FAILED: $*"
	exit 1
}

# In place of each of them, whatever its version, something that tells on us.
mkdir "$work/bin"
for tool in $(printf '%s\n' "$PATH" | tr : '\n' | xargs ls 2>/dev/null |
    grep -E '^(auto(conf|header|m4te|make|reconf|scan|update)|aclocal|g?libtool(ize)?|g?m4)[0-9.-]*$') \
    autoconf automake aclocal autoheader libtoolize; do
	printf '#!/bin/sh\necho "$0 $*" >>"%s/used"\nexit 1\n' "$work" >"$work/bin/$tool"
done
chmod +x "$work/bin"/*
PATH=$work/bin:$PATH
autoconf 2>/dev/null && fail "autoconf is still there"
[ -s "$work/used" ] || fail "autoconf is not ours"
rm "$work/used"

tar -C "$work" -xzf "$1" || fail tar
name=$(basename "$1" .tar.gz)
cd "$work/$name" || exit
{
	./configure --quiet && make -s && make -s install DESTDIR="$work/image"
} >"$work/log" 2>&1 || fail "$(tail -n 50 "$work/log")"
[ -x "$work/image/usr/local/sbin/kevd" ] || fail "no kevd"
find . -exec touch -t 202611240000 {} +
make -s >"$work/log" 2>&1 || fail "$(tail -n 50 "$work/log")"
[ ! -e "$work/used" ] || fail "autotools are used: $(cat "$work/used")"

# package PKGDIR SRCDIR: of a recipe that was read in.
(
	pkgdir=$work/alpine srcdir=contrib/alpine
	. ./contrib/alpine/APKBUILD
	package
) >"$work/log" 2>&1 || fail "alpine: $(tail -n 20 "$work/log")"
[ -x "$work/alpine/etc/init.d/kevd" ] || fail "alpine: no init script"
command -v bash >/dev/null || exit 0
(
	cd .. || exit
	pkgdir=$work/arch bash -c '. "$0" && package' "$name/contrib/arch/PKGBUILD"
) >"$work/log" 2>&1 || fail "arch: $(tail -n 20 "$work/log")"
[ -f "$work/arch/usr/share/licenses/kev/COPYING" ] || fail "arch: no license"
