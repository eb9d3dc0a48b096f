#include "config.h"

#include "audit_rules.h"

#include "log.h"
#include "nl.h"

#include <linux/audit.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Those of the kernel's answers that matter here. */
struct seen {
	bool enabled;
	bool rule;		/* one for binds that fail */
	bool never;		/* one that takes all processes out */
};

static bool
has_call(const struct audit_rule_data *r)
{
#ifdef SYS_bind
	if (r->mask[AUDIT_WORD(SYS_bind)] & AUDIT_BIT(SYS_bind))
		return true;
#endif
#ifdef SYS_socketcall
	if (r->mask[AUDIT_WORD(SYS_socketcall)] & AUDIT_BIT(SYS_socketcall))
		return true;
#endif
	return false;
}

static void
take_rule(const struct audit_rule_data *r, struct seen *seen)
{
	bool exit = false, more = false;
	uint32_t i;

	for (i = 0; i < r->field_count && i < AUDIT_MAX_FIELDS; i++) {
		if (r->fields[i] == AUDIT_EXIT)
			exit = r->values[i] == (uint32_t)-EADDRINUSE &&
			    r->fieldflags[i] == AUDIT_EQUAL;
		else if (r->fields[i] != AUDIT_ARCH &&
		    r->fields[i] != AUDIT_FILTERKEY)
			more = true;
	}
	if (r->flags == AUDIT_FILTER_TASK && r->action == AUDIT_NEVER &&
	    r->field_count == 0)
		seen->never = true;
	if (r->flags == AUDIT_FILTER_EXIT && r->action == AUDIT_ALWAYS &&
	    exit && !more && has_call(r))
		seen->rule = true;
}

/* One answer; its type. */
static uint16_t
take(const uint8_t *p, size_t len, struct seen *seen)
{
	struct audit_rule_data rule;
	struct audit_status status;
	struct nlmsghdr head;
	size_t next;

	if (nl_message(p, len, &head, &next) != NULL)
		return NLMSG_ERROR;
	p += NLMSG_HDRLEN;
	len = head.nlmsg_len - NLMSG_HDRLEN;
	if (head.nlmsg_type == AUDIT_GET) {
		/* It is longer in later kernels. */
		memset(&status, 0, sizeof status);
		memcpy(&status, p, len < sizeof status ? len : sizeof status);
		seen->enabled = status.enabled != 0;
	} else if (head.nlmsg_type == AUDIT_LIST_RULES && len >= sizeof rule) {
		memcpy(&rule, p, sizeof rule);
		take_rule(&rule, seen);
	}
	return head.nlmsg_type;
}

/* Asks for one answer, or for a list up to its end. */
static bool
ask(int fd, uint16_t type, struct seen *seen)
{
	const struct nlmsghdr m = { .nlmsg_len = sizeof m, .nlmsg_type = type,
	    .nlmsg_flags = NLM_F_REQUEST };
	uint8_t bytes[16384];
	uint16_t got;
	ssize_t n;

	if (send(fd, &m, sizeof m, 0) != (ssize_t)sizeof m)
		return false;
	do {
		n = recv(fd, bytes, sizeof bytes, 0);
		got = n > 0 ? take(bytes, (size_t)n, seen) : NLMSG_ERROR;
	} while (got == AUDIT_LIST_RULES);
	return got != NLMSG_ERROR;
}

void
audit_rules_check(void)
{
	static const struct timeval patience = { .tv_sec = 1 };
	struct seen seen = { .enabled = false };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
	bool known;

	if (fd == -1)
		return;
	/* Only CAP_AUDIT_CONTROL may ask. */
	known = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof patience) == 0 && ask(fd, AUDIT_GET, &seen) &&
	    ask(fd, AUDIT_LIST_RULES, &seen);
	close(fd);
	if (!known)
		return;
	if (!seen.enabled)
		log_info("audit: it is off; to turn it on: auditctl -e 1");
	if (seen.never)
		log_info("audit: no process is audited; to change that: "
		    "auditctl -d task,never");
	if (!seen.rule)
		log_info("audit: there is no rule for ports in use; to add it: "
		    "auditctl -a always,exit -F arch=b%d -S bind "
		    "-F exit=-EADDRINUSE", (int)(8 * sizeof(long)));
}
