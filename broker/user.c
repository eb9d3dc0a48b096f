#include "config.h"

#include "user.h"

#include <stdlib.h>
#include <unistd.h>

struct user *
user_add_client(struct user_list *list, uid_t uid)
{
	struct user *u;

	LIST_FOREACH(u, list, entry) {
		if (u->uid == uid)
			break;
	}
	if (u == NULL) {
		u = calloc(1, sizeof *u);
		if (u == NULL)
			return NULL;
		u->uid = uid;
		u->trusted = uid == 0 || uid == geteuid();
		LIST_INSERT_HEAD(list, u, entry);
	}
	u->clients++;
	return u;
}

void
user_drop_client(struct user *u)
{
	if (--u->clients > 0)
		return;
	LIST_REMOVE(u, entry);
	free(u);
}

