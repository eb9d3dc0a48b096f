#include "config.h"

#include "user.h"

#include <stdlib.h>
#include <unistd.h>

static struct user *
find(const struct user_list *list, uid_t uid)
{
	struct user *u;

	LIST_FOREACH(u, list, entry) {
		if (u->uid == uid)
			break;
	}
	return u;
}

struct user *
user_add_client(struct user_list *list, uid_t uid)
{
	struct user *u = find(list, uid);

	if (u == NULL) {
		u = calloc(1, sizeof *u);
		if (u == NULL)
			return NULL;
		u->uid = uid;
		u->trusted = user_trusted(uid);
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

size_t
user_clients(const struct user_list *list, uid_t uid)
{
	const struct user *u = find(list, uid);

	return u != NULL ? u->clients : 0;
}

bool
user_trusted(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}
