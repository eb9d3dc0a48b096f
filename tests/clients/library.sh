#!/bin/sh
# libkev: installed, found by pkg-config, used from C and C++, shared and static,
# by its examples; and what it offers is what was agreed upon.
# shellcheck source=tests/live/lib.sh
. "${top_srcdir:-.}/tests/live/lib.sh"
needs ip jq pkg-config make
namespaces
# Where it would be installed, with nothing of the build in sight.
make -C "$top_builddir" install DESTDIR="$dir/root" >"$dir/made" 2>&1 ||
    fail "make install: $(tail -n 5 "$dir/made")"
pc=$(find "$dir/root" -name kev.pc)
[ -n "$pc" ] || fail "no kev.pc"
PKG_CONFIG_PATH=$(dirname "$pc")
PKG_CONFIG_SYSROOT_DIR=$dir/root
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR
include=$(dirname "$(find "$dir/root" -name kev.h)")
flags=$(pkg-config --cflags --libs kev) || fail pkg-config
lib=$(dirname "$(find "$dir/root" -name 'libkev.so*' | head -n 1)")
# Nothing else, for those who want the static one.
mkdir "$dir/static"
cp "$lib/libkev.a" "$dir/static" || fail "no static library"
static="-L$dir/static $(pkg-config --static --cflags --libs kev)" ||
    fail "pkg-config --static"

# What is declared, without comments and white space, and what the file is called.
# shellcheck disable=SC2012 # it has no strange name
interface() {
	ls "$lib" | sed -n 's/^libkev\.so\.[0-9]*\.[0-9.]*$/&/p'
	${CC:-cc} -E -P "$include/kev.h" | sed -n '/^struct kev;/,$p' |
	    tr -s ' \t\n' ' ' | sed 's/; */;\n/g'
	sed -n 's/^#define \(KEV_[A-Z_]*[ \t].*\)/\1/p' "$include/kev.h"
}
if [ -e "$lib/libkev.so" ]; then
	interface >"$dir/abi"
	diff "$top_srcdir/tests/clients/kev.abi" "$dir/abi" >"$dir/diff" ||
	    fail "the interface of libkev has changed: raise -version-info in" \
	    "clients/Makefile.inc, and keep what is now in tests/clients/kev.abi:
$(cat "$dir/diff")"
fi
if command -v readelf >/dev/null && [ -e "$lib/libkev.so" ]; then
	readelf -d "$lib/libkev.so" | grep -q 'SONAME.*\[libkev\.so\.[0-9]*\]' ||
	    fail "no soname with a version: $(readelf -d "$lib/libkev.so")"
fi
# Nothing but its own names is seen from outside, and all of them.
if [ -z "${SANITIZE:-}" ] && command -v nm >/dev/null; then
	nm -D --defined-only "$lib"/libkev.so | awk '$2 != "A" { print $3 }' |
	    sort >"$dir/symbols"
	grep -o '\<kev_[a-z_]*(' "$dir/abi" | tr -d '(' | sort >"$dir/declared"
	diff "$dir/declared" "$dir/symbols" || fail "other names"
fi

# example NAME: that one of kev(3), as it stands there.
man=$(find "$dir/root" -name kev.3)
example() {
	sed -n '/^\.\\" example begins: '"$1"'$/,/^\.\\" example ends/p' "$man" |
	    grep -v '^\.' | sed 's/\\e/\\/g; s/\\-/-/g'
}
# try PROGRAM: it tells the present, and what happens.
try() {
	mkfifo "$dir/input"
	LD_LIBRARY_PATH=$path "$1" <"$dir/input" >"$dir/out" 2>"$dir/err" &
	example=$!
	pids="$pids $!"
	exec 7>"$dir/input"
	rm "$dir/input"
	for what in 'attach.*v0' 'change.*v0'; do
		waiting="$what of $1"
		until grep -q "interface/$what" "$dir/out"; do
			kill -0 "$example" || fail "$1 ended: $(cat "$dir/err")"
		done
		mtu=$((${mtu:-1300} + 1))
		ip link set v0 mtu $mtu
	done
}
start_kevd
ip link add v0 type veth peer name v1
cplusplus=
command -v c++ >/dev/null && cplusplus="c++ -std=c++11 -x c++"
# build NAME HOW: the example, as its author would.
build() {
	compiler=${CC:-cc} link="-L$lib $flags" path=$lib
	case $2 in
	static) link=$static path='' ;;
	c++) compiler=$cplusplus ;;
	esac
	[ "$1" != libev ] || link="$link -lev"
	# shellcheck disable=SC2086 # flags
	$compiler ${SANITIZE:-} -Wall -Werror -pedantic -c -I"$include" \
	    -o "$dir/$1.o" "$dir/$1.c" 2>"$dir/err" &&
	    ${CC:-cc} ${SANITIZE:-} -o "$dir/$1" "$dir/$1.o" $link \
	    2>>"$dir/err" || fail "$1, $2: $(cat "$dir/err")"
}
for name in blocking poll libev; do
	example $name >"$dir/$name.c"
	[ -s "$dir/$name.c" ] || fail "no example $name in kev(3)"
	for how in shared static ${cplusplus:+c++}; do
		build "$name" "$how"
		try "$dir/$name"
		[ $name = poll ] || kill "$example"
		exec 7>&-
		wait "$example"
		status=$?
		[ $name != poll ] || [ $status = 0 ] ||
		    fail "$name, $how: $(cat "$dir/err")"
		pids=$kevd_pid
	done
done
for language in "${CC:-cc} -std=c99 -x c" "$cplusplus"; do
	[ -n "$language" ] || continue
	echo '#include <kev.h>' >"$dir/header"
	$language -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$include" \
	    "$dir/header" || fail "the header: $language"
done
stop_kevd
