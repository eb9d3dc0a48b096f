#!@RCD_SCRIPTS_SHELL@
#
# $NetBSD$
#
# PROVIDE: kevd
# REQUIRE: mountcritlocal
# BEFORE: network
#
# In rc.conf: kevd=YES; kevd_flags for other options, see kevd(8).

. /etc/rc.subr

name="kevd"
rcvar=$name
command="@PREFIX@/sbin/kevd"
pidfile="/var/run/kev/kevd.pid"
command_args="-d -p $pidfile -U nobody"
start_precmd="kevd_prestart"

kevd_prestart()
{
	install -d -o nobody /var/run/kev
}

load_rc_config $name
run_rc_command "$1"
