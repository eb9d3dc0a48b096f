#!/bin/sh
# What depends on the system is in the folders of the systems, broker/*/.
cd "${top_srcdir:-.}" || exit
words='__linux|__gnu_linux|__FreeBSD|__NetBSD|__OpenBSD|__DragonFly|__APPLE__'
words="$words|__MACH__|TARGET_OS_|__ANDROID|__GLIBC|__sun|__unix|__CYGWIN|_WIN32"
words="$words|^[[:space:]]*#.*[^A-Za-z_]BSD([^A-Za-z_]|$)"

# Names of files in, what is to be found out.
look() {
	xargs grep -nE "$words" /dev/null
}

# It does find what there is.
printf '%s\n' broker/bsd/*.c | look >/dev/null || {
	echo "finds nothing in broker/bsd"
	exit 1
}
found=$(find broker clients compat protocol tests -name '*.[ch]' -o -name '*.def' |
	grep -v '^broker/[^/]*/' | look)
[ -z "$found" ] || {
	printf 'these belong into a folder of broker/:\n%s\n' "$found"
	exit 1
}
