#include "config.h"

#include "nslist.h"

#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Numbers that our namespace has for others. */
struct ids {
	int32_t *v;
	size_t n, cap;
};

static struct nsplace *
find(struct nslist *list, uint64_t ino)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (list->v[i].ino == ino && ino != 0)
			return &list->v[i];
	}
	return NULL;
}

/* A place to be filled in, or NULL. */
static struct nsplace *
add(struct nslist *list, uint64_t ino)
{
	struct nsplace *v = realloc(list->v, (list->n + 1) * sizeof *v);

	if (v == NULL) {
		list->failed = true;
		return NULL;
	}
	list->v = v;
	v += list->n++;
	memset(v, 0, sizeof *v);
	v->ino = ino;
	return v;
}

/* The number in "net:[4026531840]", or 0. */
static uint64_t
parse_ino(const char *text)
{
	unsigned long long ino;
	char end;

	if (sscanf(text, "net:[%llu%c", &ino, &end) != 2 || end != ']')
		return 0;
	return ino;
}

static bool
is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Blanks and backslashes in mountinfo are three octal digits. */
static void
unescape(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s == '\\' && is_octal(s[1]) && s[1] < '4' &&
		    is_octal(s[2]) && is_octal(s[3])) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
			    s[3] - '0');
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* The name that ip-netns(8) gave, by where it mounts; else "". */
static const char *
name_of(const char *path)
{
	static const char *const dirs[] = { "/run/netns/", "/var/run/netns/" };
	const char *name;
	size_t i;

	for (i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
		if (strncmp(path, dirs[i], strlen(dirs[i])) != 0)
			continue;
		name = path + strlen(dirs[i]);
		if (strchr(name, '/') == NULL &&
		    strlen(name) <= FINDER_NAME_MAX)
			return name;
	}
	return "";
}

/* Of several names of one the first by the alphabet is it. */
static void
add_mount(struct nslist *list, uint64_t ino, const char *path)
{
	struct nsplace *p = find(list, ino);
	const char *name = name_of(path);

	if (strlen(path) >= sizeof p->path)
		return;
	if (p == NULL)
		p = add(list, ino);
	else if (*name == '\0' || (p->name[0] != '\0' &&
	    strcmp(p->name, name) <= 0))
		return;
	if (p == NULL)
		return;
	strcpy(p->path, path);
	strcpy(p->name, name);
}

/* What follows N fields. */
static char *
skip(char *s, int n)
{
	for (; n > 0; n--) {
		s += strcspn(s, " ");
		s += *s != '\0';
	}
	return s;
}

/* Of each line: number, parent, device, root, where it is mounted ... */
void
nslist_read_mounts(struct nslist *list, FILE *f, uint64_t own)
{
	char *line = NULL, *root, *path;
	size_t size = 0;
	uint64_t ino;

	while (getline(&line, &size, f) != -1) {
		/* What is mounted may call itself anything, further on. */
		root = skip(line, 3);
		path = skip(root, 1);
		ino = parse_ino(root);
		if (ino == 0 || ino == own)
			continue;
		path[strcspn(path, " \n")] = '\0';
		unescape(path);
		add_mount(list, ino, path);
	}
	if (!feof(f))
		list->failed = true;
	free(line);
}

static int
take_id(const struct nlmsghdr *h, void *arg)
{
	struct ids *ids = arg;
	const struct nlattr *a;
	size_t cap = ids->cap > 0 ? 2 * ids->cap : 16;
	int32_t id = -1, *v;

	mnl_attr_for_each(a, h, sizeof(struct rtgenmsg)) {
		if (mnl_attr_get_type(a) == NETNSA_NSID &&
		    mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
			id = (int32_t)mnl_attr_get_u32(a);
	}
	if (h->nlmsg_type != RTM_NEWNSID || id < 0)
		return MNL_CB_OK;
	if (ids->n == ids->cap) {
		v = realloc(ids->v, cap * sizeof *v);
		if (v == NULL)
			return MNL_CB_ERROR;
		ids->v = v;
		ids->cap = cap;
	}
	ids->v[ids->n++] = id;
	return MNL_CB_OK;
}

/*
 * All numbers, or that of the namespace open as FD, if that is not -1. False:
 * the kernel could not be asked.
 */
static bool
get_ids(struct mnl_socket *nl, int fd, struct ids *ids)
{
	static uint32_t seq;
	union {
		struct nlmsghdr align;
		char bytes[32768];
	} buf;
	struct nlmsghdr *h = mnl_nlmsg_put_header(&buf);
	ssize_t n;
	int more = MNL_CB_OK;

	h->nlmsg_type = RTM_GETNSID;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST |
	    (fd == -1 ? NLM_F_DUMP : NLM_F_ACK));
	h->nlmsg_seq = ++seq;
	mnl_nlmsg_put_extra_header(h, sizeof(struct rtgenmsg));
	if (fd != -1)
		mnl_attr_put_u32(h, NETNSA_FD, (uint32_t)fd);
	if (mnl_socket_sendto(nl, h, h->nlmsg_len) == -1)
		return false;
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl, &buf, sizeof buf);
		if (n == -1)
			return false;
		more = mnl_cb_run(&buf, (size_t)n, seq,
		    mnl_socket_get_portid(nl), take_id, ids);
		/* The rest of an answer that was given up. */
		if (more == MNL_CB_ERROR && errno == EPROTO)
			more = MNL_CB_OK;
	}
	/* That one has none is an error, too. */
	return more == MNL_CB_STOP || fd != -1;
}

/* The number of the one at PATH, if that is INO; else -1. */
static int32_t
id_of(struct nslist *list, struct mnl_socket *nl, const char *path,
    uint64_t ino)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct ids ids = { NULL, 0, 0 };
	struct stat st;
	int32_t id = -1;

	if (fd == -1) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
			list->failed = true;
		return -1;
	}
	if (fstat(fd, &st) == 0 && st.st_ino == ino &&
	    !get_ids(nl, fd, &ids))
		list->failed = true;
	if (ids.n > 0)
		id = ids.v[0];
	free(ids.v);
	close(fd);
	return id;
}

static bool
forget_id(struct ids *ids, int32_t id)
{
	size_t i;

	for (i = 0; i < ids->n; i++) {
		if (ids->v[i] != id)
			continue;
		ids->v[i] = ids->v[--ids->n];
		return true;
	}
	return false;
}

/* The namespaces of processes, as long as there are numbers without one. */
static void
read_processes(struct nslist *list, struct mnl_socket *nl, uint64_t own,
    struct ids *ids)
{
	DIR *dir = opendir("/proc");
	char path[64], link[64];
	struct dirent *d;
	struct nsplace *p;
	ssize_t n;
	uint64_t ino;

	while (dir != NULL && ids->n > 0 && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9')
			continue;
		snprintf(path, sizeof path, "/proc/%.20s/ns/net", d->d_name);
		n = readlink(path, link, sizeof link - 1);
		if (n == -1)
			continue;
		link[n] = '\0';
		ino = parse_ino(link);
		if (ino == 0 || ino == own || find(list, ino) != NULL ||
		    (p = add(list, ino)) == NULL)
			continue;
		p->pid = (pid_t)atol(d->d_name);
		strcpy(p->path, path);
		(void)forget_id(ids, id_of(list, nl, path, ino));
	}
	if (dir == NULL)
		list->failed = true;
	else
		closedir(dir);
}

/* Gives P its number as name, if it has one that is nobody's name. */
static bool
name_by_id(const struct nslist *list, struct nsplace *p, int32_t id)
{
	size_t i;

	if (id < 0)
		return false;
	snprintf(p->name, sizeof p->name, "%d", (int)id);
	for (i = 0; i < list->n; i++) {
		if (&list->v[i] != p && strcmp(list->v[i].name, p->name) == 0)
			return false;
	}
	return true;
}

/* Those without a name are called by their number; without that, they go. */
static void
name_all(struct nslist *list, struct mnl_socket *nl)
{
	size_t i, kept = 0;
	struct nsplace *p;

	for (i = 0; i < list->n; i++) {
		p = &list->v[i];
		if (p->name[0] == '\0' && (nl == NULL ||
		    !name_by_id(list, p, id_of(list, nl, p->path, p->ino))))
			continue;
		if (kept != i)
			list->v[kept] = *p;
		kept++;
	}
	list->n = kept;
}

void
nslist_read(struct nslist *list, struct mnl_socket *nl, bool *unknown)
{
	struct ids ids = { NULL, 0, 0 };
	struct nsplace *p;
	struct stat st;
	FILE *mounts;
	size_t i;

	memset(list, 0, sizeof *list);
	*unknown = false;
	if (stat("/proc/self/ns/net", &st) == -1) {
		list->failed = true;
		return;
	}
	mounts = fopen("/proc/self/mountinfo", "re");
	if (mounts != NULL) {
		nslist_read_mounts(list, mounts, st.st_ino);
		fclose(mounts);
	} else {
		list->failed = true;
	}
	if (nl != NULL) {
		if (!get_ids(nl, -1, &ids))
			list->failed = true;
		(void)forget_id(&ids, id_of(list, nl, "/proc/self/ns/net",
		    st.st_ino));
		for (i = 0; i < list->n; i++)
			(void)forget_id(&ids, id_of(list, nl, list->v[i].path,
			    list->v[i].ino));
		read_processes(list, nl, st.st_ino, &ids);
	}
	name_all(list, nl);
	*unknown = ids.n > 0;
	for (i = 0; i < ids.n; i++) {
		p = add(list, 0);
		if (p != NULL && !name_by_id(list, p, ids.v[i]))
			list->n--;
	}
	free(ids.v);
}

void
nslist_fini(struct nslist *list)
{
	free(list->v);
	memset(list, 0, sizeof *list);
}
