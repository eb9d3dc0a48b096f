#!/bin/sh
# dbus.sh with dbus-broker, which some systems have in place of dbus-daemon.
KEV_TEST_BUS=dbus-broker
export KEV_TEST_BUS
exec "${SHELL:-sh}" "$(dirname "$0")/dbus.sh"
