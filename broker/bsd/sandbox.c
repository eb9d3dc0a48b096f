/*
 * OpenBSD's is pledge(2) and unveil(2). In capability mode of FreeBSD's Capsicum
 * nobody could ask for all addresses again (sysctl(3) of net.routetable);
 * NetBSD has none, and macOS none that is documented.
 */
#include "config.h"

#include "sys.h"

#include "log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#ifdef __OpenBSD__

/*
 * That a file is still ours is seen before it is removed. What was forgotten
 * here fails, as it does in the sandbox of Linux, and does not end kevd.
 */
#define WITHOUT_FILES "stdio unix route error"
#define WITH_FILES "stdio rpath cpath unix route error"

struct sys_sandbox
sys_sandbox(const char *const *files)
{
	const char *promises = *files != NULL ? WITH_FILES : WITHOUT_FILES;
	struct sys_sandbox s = { .pledge = true };

	for (; *files != NULL; files++) {
		if (unveil(*files, "rc") == -1)
			log_warning("sandbox: unveil %s: %s", *files,
			    strerror(errno));
	}
	if (pledge(promises, NULL) == -1) {
		log_warning("sandbox: pledge: %s", strerror(errno));
		s.pledge = false;
	}
	return s;
}

#else

struct sys_sandbox
sys_sandbox(const char *const *files)
{
	(void)files;
	log_info("sandbox: not available on this system");
	return (struct sys_sandbox){ .landlock = 0 };
}

#endif
