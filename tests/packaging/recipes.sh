#!/bin/sh
# The recipes for packages in contrib agree with what there is: its version, the
# libraries that configure asks for, the files that are installed; and those who
# start kevd do so in a way that it knows.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs make sed python3
prepare
cd "$top_srcdir/contrib" || exit
for file in alpine/APKBUILD alpine/kev.pre-install alpine/kevd.initd \
	debian/build debian/check debian/kev.postrm debian/tests/* \
	openwrt/files/kevd.init rc.d/*/*; do
	sh -n "$file" || fail "$file"
done
if command -v bash >/dev/null; then
	bash -n arch/PKGBUILD || fail PKGBUILD
fi
if command -v ruby >/dev/null; then
	ruby -c homebrew/kev.rb >"$dir/out" 2>&1 || fail "$(cat "$dir/out")"
fi

# value FILE NAME: what stands there after NAME and = or :=, in all its lines.
value() {
	sed -n -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' \
	    -e "s/^$2 *[:?]*=[[:space:]]*[(\"]*\([^\")]*\).*/\1/p" "$1"
}
version=$("$top_builddir/kevctl" -V | sed 's/^kevctl //')
[ "$(sed -n '1s/.*(\(.*\)-.*/\1/p' debian/changelog)" = "$version" ] || fail debian
[ "$(value alpine/APKBUILD pkgver)" = "$version" ] || fail alpine
[ "$(value arch/PKGBUILD pkgver)" = "$version" ] || fail arch
grep -q "url \".*/kev-$version.tar.gz\"" homebrew/kev.rb || fail homebrew
[ "$(value freebsd/Makefile DISTVERSION)" = "$version" ] || fail freebsd
[ "$(value pkgsrc/Makefile DISTNAME)" = "kev-$version" ] || fail pkgsrc
[ "$(value openwrt/Makefile PKG_VERSION)" = "$version" ] || fail openwrt

# same SYSTEM PACKAGES: those that configure names when a library is missing.
same() {
	sed -n "s/^  [a-z]*: .*\<$1 \([^ ,\"]*\).*/\1/p" \
	    "$top_srcdir/configure" | sort -u >"$dir/packages"
	# What the system has there, or nobody.
	case $1 in
	FreeBSD) sed -i -e '/^libbsd$/d' -e '/^-$/d' -e '/^ncurses$/d' "$dir/packages" ;;
	Homebrew) sed -i -e '/^libbsd$/d' -e '/^-$/d' "$dir/packages" ;;
	esac
	# Their packages are without kev-mqtt.
	case $1 in
	FreeBSD | Homebrew) sed -i -e '/^mosquitto$/d' -e '/^openssl$/d' "$dir/packages" ;;
	esac
	[ -s "$dir/packages" ] || fail "configure names no packages of $1"
	printf '%s\n' "$2" | tr -s ' \t' '\n' | sort -u |
	    diff "$dir/packages" - >"$dir/diff" || fail "$1: $(cat "$dir/diff")"
}
without() { sed 's/\<'"$1"'\> *//g; s/ *$//'; }
same Debian "$(sed -n '/^Build-Depends/,/^[A-Z]/s/^ \(lib[a-z-]*\),$/\1/p' debian/control)"
# Without kev-dbus, of which there is neither a service nor a user there.
same Alpine "elogind-dev $(value alpine/APKBUILD makedepends | without linux-headers | without pkgconf)"
same Arch "$(value arch/PKGBUILD depends | without glibc)"
same Homebrew "$(sed -n 's/^  depends_on "\([a-z]*\)"$/\1/p' homebrew/kev.rb)"
same FreeBSD "$(value freebsd/Makefile LIB_DEPENDS | sed 's|lib[a-z]*\.so:[a-z]*/||g')"
same FreeBSD "$(sed -n 's|^\.include "../../.*/\(.*\)/buildlink3.mk"|\1|p' pkgsrc/Makefile |
    grep -vx ncursesw)"
# On Linux Homebrew and OpenWrt call them as Arch does; they have no sd-bus, and
# are without kev-mqtt.
not_there="systemd-libs mosquitto openssl"
same Arch "$not_there $(sed -n 's/^ *depends_on "\([a-z]*\)"$/\1/p' homebrew/kev.rb)"
same Arch "$not_there $(sed -n 's/.*DEPENDS:=//p' openwrt/Makefile |
    sed -e 's/+//g' -e 's/libncurses/ncurses/' | without libkev)"

# The words that kevd is started with are such that it gets to --version.
takes() {
	# shellcheck disable=SC2086 # several words
	[ -n "$2" ] && [ "$("$top_builddir/kevd" $2 --version)" = "kevd $version" ] ||
	    fail "$1 starts kevd with $2"
}
cat >"$dir/manager" <<'SH'
load_rc_config() { :; }
run_rc_command() { echo "$command_args"; }
procd_open_instance() { :; }
procd_close_instance() { :; }
procd_set_param() {
	[ "$1 $2" = "command /usr/sbin/kevd" ] && shift 2 && echo "$*"
}
SH
takes OpenRC "$(sh -c '. ./alpine/kevd.confd; KEVD_OPTIONS="--history 0"
    . ./alpine/kevd.initd; echo "$command_args"')"
takes procd "$(sh -c '. "$0"; . ./openwrt/files/kevd.init; start_service' \
    "$dir/manager")"
for file in rc.d/freebsd/kevd rc.d/netbsd/kevd; do
	sed '/\. .*rc\.subr/d' "$file" >"$dir/rc"
	takes "$file" "$(sh -c '. "$0"; . "$1"' "$dir/manager" "$dir/rc")"
done

# launchd has the socket that kevd asks for, at the place where clients look.
python3 - "$top_builddir/contrib/launchd/kevd.plist" >"$dir/launchd" <<'PYTHON' || fail plist
import plistlib, sys
with open(sys.argv[1], "rb") as f:
    plist = plistlib.load(f)
for name, socket in plist["Sockets"].items():
    print(*plist["ProgramArguments"], name, socket["SockPathName"])
PYTHON
name=$(sed -n 's/^#define NAME "\(.*\)"/\1/p' "$top_srcdir/broker/macos/activation.c")
place=$("$top_builddir/kevd" --help | sed -n 's|.* instead of \(/.*\)|\1|p')
grep -qx "/.*/sbin/kevd $name $place" "$dir/launchd" ||
    fail "launchd: $(cat "$dir/launchd"), not kevd $name $place"

# Options that configure has.
"$top_srcdir/configure" --help >"$dir/help"
grep -hoE -e '--(with|enable)-[a-z-]+' alpine/APKBUILD arch/PKGBUILD debian/rules \
    freebsd/Makefile homebrew/kev.rb openwrt/Makefile pkgsrc/Makefile |
    while read -r option; do
	grep -q -e "^  $option\>" "$dir/help" || fail "configure has no $option"
done || exit

[ -x "$top_builddir/kevtop" ] || skip "what is installed: there is no kevtop"
# What is installed, without what is for systemd; where it goes if nobody says.
made() { sed -n "s/^$1 = //p" "$top_builddir/Makefile"; }
for place in 'libdir ${exec_prefix}/lib' 'mandir ${datarootdir}/man' \
	'zshcompletiondir ${datadir}/zsh/site-functions'; do
	[ "$(made "${place%% *}")" = "${place#* }" ] ||
	    skip "not where it usually goes: $(made "${place%% *}")"
done
make -C "$top_builddir" install DESTDIR="$dir/root" systemdsystemunitdir=/none \
    sysusersdir=/none >"$dir/made" 2>&1 || fail "$(tail -n 5 "$dir/made")"
rm -rf "$dir/root/none"
prefix=$(made prefix)
# kev-dbus is for systems with sd-bus, and nobody has tried kev-mqtt there.
(cd "$dir/root$prefix" && find . ! -type d | sed 's|^\./||') |
    grep -v -e kev-dbus -e /dbus-1/ -e kev-mqtt | sort >"$dir/files"
grep -q . "$dir/files" || fail "nothing is installed"
{
	sed -e '/\.la$/d' -e 's|^lib/pkgconfig|libdata/pkgconfig|' \
	    -e 's|^share/kev/|%%DATADIR%%/|' -e '/^share\/man/s|$|.gz|' "$dir/files"
	# Those the recipe installs itself.
	(cd rc.d/freebsd && printf 'etc/rc.d/%s\n' *)
} | sort >"$dir/plist"
sort freebsd/pkg-plist | diff - "$dir/plist" >"$dir/diff" || fail "pkg-plist: $(cat "$dir/diff")"
sed -e '/^lib\/libkev\.[as]/d' -e 's|^share/man/|man/|' "$dir/files" | sort >"$dir/plist"
grep -v '^@comment' pkgsrc/PLIST | sort | diff - "$dir/plist" >"$dir/diff" ||
    fail "PLIST: $(cat "$dir/diff")"

# What a Makefile for OpenWrt takes of that, with the words that it is used with.
mkdir "$dir/rules" "$dir/build" "$dir/openwrt"
: >"$dir/rules/rules.mk"
: >"$dir/rules/package.mk"
cat >"$dir/rules/Makefile" <<'MAKE'
SHELL = bash
INSTALL_DIR = mkdir -p
INSTALL_BIN = install -m 755
CP = cp -fpR
include Makefile
all:
	$(call Build/InstallDev,$(OUT))
	$(call Package/libkev/install,$(OUT))
	$(call Package/kev/install,$(OUT))
	$(call Package/kevtop/install,$(OUT))
MAKE
if command -v bash >/dev/null; then
	mv "$dir/root$prefix" "$dir/build/usr"
	make -C openwrt -f "$dir/rules/Makefile" all TOPDIR="$dir/rules" \
	    INCLUDE_DIR="$dir/rules" PKG_INSTALL_DIR="$dir/build" \
	    OUT="$dir/openwrt" >"$dir/made" 2>&1 || fail "$(cat "$dir/made")"
	for file in etc/init.d/kevd usr/sbin/kevd usr/bin/kevtop usr/lib/libkev.a \
		usr/share/kev/kev.sh; do
		[ -f "$dir/openwrt/$file" ] || fail "OpenWrt: no $file"
	done
fi
