# KEV_LIBRARY(VARIABLE, PKG-CONFIG MODULE, HEADER, FUNCTION, LIBRARY, NAME,
#	DEBIAN, FEDORA, ALPINE, ARCH, HOMEBREW, FREEBSD)
# Finds a library, by pkg-config or, where it has no module, by its header.
# What is missing is kept for KEV_REQUIRE, which tells all of it at once.
AC_DEFUN([KEV_LIBRARY], [
kev_found=no
m4_ifval([$2], [PKG_CHECK_MODULES([$1], [$2], [kev_found=yes], [kev_found=no])],
[AC_CHECK_HEADER([$3], [AC_CHECK_LIB([$5], [$4], [kev_found=yes
	$1_LIBS=-l$5])])
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
