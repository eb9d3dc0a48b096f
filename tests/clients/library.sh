#!/bin/sh
# libkev: installed, found by pkg-config, used from C and C++, by its example.
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
flags=$(pkg-config --cflags --libs kev) || fail pkg-config
lib=$(dirname "$(find "$dir/root" -name 'libkev.so*' | head -n 1)")
# The example of kev(3), as it stands there.
man=$(find "$dir/root" -name kev.3)
sed -n '/^\.\\" example begins/,/^\.\\" example ends/p' "$man" | grep -v '^\.' |
    sed 's/\\e/\\/g' >"$dir/example.c"
[ -s "$dir/example.c" ] || fail "no example in kev(3)"
# shellcheck disable=SC2086
${CC:-cc} ${SANITIZE:-} -Wall -Werror -o "$dir/example" "$dir/example.c" \
    -I"$dir/root$(pkg-config --variable=includedir kev)" -L"$lib" $flags || fail "C"
start_kevd
ip link add v0 type veth peer name v1
LD_LIBRARY_PATH=$lib "$dir/example" >"$dir/out" 2>"$dir/err" &
example=$!
pids="$pids $!"
until grep -q "interface/attach v0" "$dir/out"; do
	kill -0 "$example" || fail "the example ended: $(cat "$dir/err")"
done
ip link set v0 up
until grep -q "interface/change v0" "$dir/out"; do
	kill -0 "$example" || fail "the example ended: $(cat "$dir/err")"
done
kill "$example"
wait "$example"
pids=$kevd_pid
if command -v c++ >/dev/null; then
	cat >"$dir/x.cc" <<'CC'
#include <kev.h>
int main() { struct kev *k = kev_new(); kev_free(k); return k == nullptr; }
CC
	# shellcheck disable=SC2086
	c++ ${SANITIZE:-} -Wall -Wextra -Werror -o "$dir/x" "$dir/x.cc" \
	    -I"$dir/root$(pkg-config --variable=includedir kev)" -L"$lib" $flags || fail "C++"
	LD_LIBRARY_PATH=$lib "$dir/x" || fail "C++"
fi
# Nothing but its own names is seen from outside.
if [ -z "${SANITIZE:-}" ] && command -v nm >/dev/null; then
	nm -D --defined-only "$lib"/libkev.so | awk '$2 != "A" { print $3 }' |
	    grep -v '^kev_' && fail "other names"
fi
stop_kevd
