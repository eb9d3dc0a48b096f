# KEV_LIBRARY(VARIABLE, PKG-CONFIG MODULE, HEADER, FUNCTION, LIBRARY, NAME,
#	DEBIAN, FEDORA, ALPINE, ARCH, HOMEBREW, FREEBSD)
# Finds a library, by pkg-config or, where it has no module, by its header.
# What is missing is kept for KEV_REQUIRE, which tells all of it at once.
AC_DEFUN([KEV_LIBRARY], [
kev_found=no
m4_ifval([$2], [PKG_CHECK_MODULES([$1], [$2], [kev_found=yes], [kev_found=no])],
[AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$5], [$4], [kev_found=yes
	$1_LIBS="-l$5"])])
AC_SUBST([$1_CFLAGS])
AC_SUBST([$1_LIBS])])
AS_IF([test $kev_found = no], [kev_missing="$kev_missing
  $6: Debian $7, Fedora $8, Alpine $9, Arch $10, Homebrew $11, FreeBSD $12"])
])

AC_DEFUN([KEV_REQUIRE], [
AS_IF([test -n "$kev_missing"], [AC_MSG_ERROR([these libraries are missing; the packages that have them:$kev_missing])])
])

# KEV_WARNINGS: those of a list that the compiler knows, in WARN_CFLAGS.
AC_DEFUN([KEV_WARNINGS], [
for kev_flag in -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	-Wformat-security -Wundef
do
	AC_MSG_CHECKING([whether $CC knows $kev_flag])
	kev_cflags=$CFLAGS
	CFLAGS="$CFLAGS -Werror $kev_flag"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AC_MSG_RESULT([yes])
		 WARN_CFLAGS="$WARN_CFLAGS $kev_flag"],
		[AC_MSG_RESULT([no])])
	CFLAGS=$kev_cflags
done
])

# KEV_SECCOMP: libseccomp, where there is such a thing; not without if asked
# for. with_seccomp is yes or no then.
AC_DEFUN([KEV_SECCOMP], [
AC_ARG_WITH([seccomp],
	[AS_HELP_STRING([--with-seccomp=auto|yes|no],
		[let kevd use few system calls, by libseccomp (auto)])],
	[], [with_seccomp=auto])
AS_CASE([$with_seccomp], [yes|no|auto], [],
	[AC_MSG_ERROR([--with-seccomp=$with_seccomp: must be auto, yes or no])])
AS_IF([test $with_seccomp = yes && test $system != linux],
	[AC_MSG_ERROR([--with-seccomp: only Linux has it])])
AS_IF([test $system != linux], [with_seccomp=no])
AS_IF([test $with_seccomp != no],
	[PKG_CHECK_MODULES([SECCOMP], [libseccomp >= 2.5],
		[with_seccomp=yes
		 AC_DEFINE([HAVE_SECCOMP], [1], [Defined if there is libseccomp.])],
		[AS_IF([test $with_seccomp = yes], [kev_missing="$kev_missing
  libseccomp: Debian libseccomp-dev, Fedora libseccomp-devel, Alpine libseccomp-dev, Arch libseccomp"])
		 with_seccomp=no])])
])

# KEV_NCURSES: ncurses with wide characters, for kevtop; not without if asked
# for. with_ncurses is yes or no then.
AC_DEFUN([KEV_NCURSES], [
AC_ARG_WITH([ncurses],
	[AS_HELP_STRING([--with-ncurses=auto|yes|no],
		[build kevtop, which needs ncurses (auto)])],
	[], [with_ncurses=auto])
AS_CASE([$with_ncurses], [yes|no|auto], [],
	[AC_MSG_ERROR([--with-ncurses=$with_ncurses: must be auto, yes or no])])
AS_IF([test $with_ncurses != no],
	[PKG_CHECK_MODULES([NCURSES], [ncursesw], [kev_found=yes], [kev_found=no])
	 AS_IF([test $kev_found = no],
		[AC_CHECK_HEADER([curses.h], [AC_CHECK_LIB([ncursesw], [set_escdelay],
			[kev_found=yes NCURSES_LIBS=-lncursesw])])])
	 AS_IF([test $with_ncurses$kev_found = yesno], [kev_missing="$kev_missing
  ncurses: Debian libncurses-dev, Fedora ncurses-devel, Alpine ncurses-dev, Arch ncurses, Homebrew ncurses, FreeBSD ncurses"])
	 with_ncurses=$kev_found])
AM_CONDITIONAL([NCURSES], [test $with_ncurses = yes])
])

# KEV_SDBUS: sd-bus, of libsystemd or of elogind, for kev-dbus; not without if
# asked for. with_sdbus is yes or no then.
AC_DEFUN([KEV_SDBUS], [
AC_ARG_WITH([sdbus],
	[AS_HELP_STRING([--with-sdbus=auto|yes|no],
		[build kev-dbus, which needs sd-bus: libsystemd or libelogind (auto)])],
	[], [with_sdbus=auto])
AS_CASE([$with_sdbus], [yes|no|auto], [],
	[AC_MSG_ERROR([--with-sdbus=$with_sdbus: must be auto, yes or no])])
AS_IF([test $with_sdbus != no],
	[PKG_CHECK_MODULES([SDBUS], [libsystemd >= 245], [kev_found=yes],
		[PKG_CHECK_MODULES([SDBUS], [libelogind >= 245], [kev_found=yes],
			[kev_found=no])])
	 AS_IF([test $with_sdbus$kev_found = yesno], [kev_missing="$kev_missing
  libsystemd: Debian libsystemd-dev, Fedora systemd-devel, Alpine elogind-dev, Arch systemd-libs"])
	 with_sdbus=$kev_found])
AM_CONDITIONAL([SDBUS], [test $with_sdbus = yes])
])

# KEV_MOSQUITTO: libmosquitto, and OpenSSL, which says what is wrong with a
# certificate, for kev-mqtt; not without if asked for. with_mosquitto is yes or no
# then.
AC_DEFUN([KEV_MOSQUITTO], [
AC_ARG_WITH([mosquitto],
	[AS_HELP_STRING([--with-mosquitto=auto|yes|no],
		[build kev-mqtt, which needs libmosquitto and OpenSSL (auto)])],
	[], [with_mosquitto=auto])
AS_CASE([$with_mosquitto], [yes|no|auto], [],
	[AC_MSG_ERROR([--with-mosquitto=$with_mosquitto: must be auto, yes or no])])
AS_IF([test $with_mosquitto != no],
	[PKG_CHECK_MODULES([MOSQUITTO], [libmosquitto >= 2.0 openssl],
		[kev_found=yes], [kev_found=no])
	 AS_IF([test $with_mosquitto$kev_found = yesno], [kev_missing="$kev_missing
  libmosquitto: Debian libmosquitto-dev, Fedora mosquitto-devel, Alpine mosquitto-dev, Arch mosquitto, Homebrew mosquitto, FreeBSD mosquitto
  openssl: Debian libssl-dev, Fedora openssl-devel, Alpine openssl-dev, Arch openssl, Homebrew openssl, FreeBSD openssl"])
	 with_mosquitto=$kev_found])
AM_CONDITIONAL([MOSQUITTO], [test $with_mosquitto = yes])
])

# KEV_SYSTEMD: where its units go, in our prefix, which is one of the places
# where it looks; no if there is no systemd.
AC_DEFUN([KEV_SYSTEMD], [
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir=DIR],
		[install units for systemd there, or "no" (PREFIX/lib/systemd/system
		where there is systemd)])],
	[], [with_systemdsystemunitdir=auto])
AS_IF([test "$with_systemdsystemunitdir" = auto],
	[PKG_CHECK_EXISTS([systemd], [with_systemdsystemunitdir=yes],
		[with_systemdsystemunitdir=no])])
AS_IF([test "$with_systemdsystemunitdir" = yes],
	[with_systemdsystemunitdir='${prefix}/lib/systemd/system'])
AC_SUBST([systemdsystemunitdir], [$with_systemdsystemunitdir])
AC_SUBST([sysusersdir], ['${prefix}/lib/sysusers.d'])
AM_CONDITIONAL([SYSTEMD], [test "$with_systemdsystemunitdir" != no])
])

# KEV_COMPLETION(SHELL, PKG-CONFIG MODULE, DIRECTORY): where completions for a
# shell go: where that says, in our prefix; DIRECTORY if it is not there.
AC_DEFUN([KEV_COMPLETION], [
AC_ARG_WITH([$1-completion-dir],
	[AS_HELP_STRING([--with-$1-completion-dir=DIR],
		[install completions for $1 there, or "no" (as $2 says, else $3)])],
	[], [with_$1_completion_dir=yes])
AS_IF([test "$with_$1_completion_dir" = yes],
	[with_$1_completion_dir=`$PKG_CONFIG --define-variable=prefix='${prefix}' \
		--variable=completionsdir $2 2>/dev/null`
	 AS_CASE([$with_$1_completion_dir], ['${prefix}'/*], [],
		[with_$1_completion_dir='$3'])])
AC_SUBST([$1completiondir], [$with_$1_completion_dir])
m4_define([kev_shell], m4_toupper([$1]))dnl
AM_CONDITIONAL(kev_shell[_COMPLETION], [test "$with_$1_completion_dir" != no])
])
