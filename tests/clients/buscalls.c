/*
 * buscalls ADDRESS COUNT: asks org.kev1 on that bus for all of its objects COUNT
 * times and reads nothing, writes a line, waits for one, and then writes how many
 * answers there were that are no errors.
 */
#include "config.h"

#include <systemd/sd-bus.h>

#include <stdio.h>
#include <stdlib.h>

static long answers, errors;

static int
on_answer(sd_bus_message *m, void *arg, sd_bus_error *e)
{
	(void)arg, (void)e;
	if (sd_bus_message_is_method_error(m, NULL))
		errors++;
	else
		answers++;
	return 0;
}

int
main(int argc, char **argv)
{
	long i, n = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	sd_bus *bus;
	int r;

	if (n <= 0 || sd_bus_new(&bus) < 0 ||
	    sd_bus_set_address(bus, argv[1]) < 0 ||
	    sd_bus_set_bus_client(bus, 1) < 0 || sd_bus_start(bus) < 0)
		return 2;
	for (i = 0; i < n; i++) {
		if (sd_bus_call_method_async(bus, NULL, "org.kev1", "/org/kev1",
		    "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
		    on_answer, NULL, NULL) < 0)
			return 1;
	}
	if (sd_bus_flush(bus) < 0)
		return 1;
	puts("asked");
	fflush(stdout);
	getchar();
	while (answers + errors < n) {
		r = sd_bus_process(bus, NULL);
		if (r < 0 || (r == 0 && sd_bus_wait(bus, UINT64_MAX) < 0))
			return 1;
	}
	printf("%ld\n", answers);
	sd_bus_close_unref(bus);
	return 0;
}
