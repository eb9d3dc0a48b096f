#include "config.h"

#include "linux/audit_decode.h"

#include <linux/audit.h>
#include <linux/netlink.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* What a kernel said, kept as seeds for the fuzzer, too. */
static size_t
load(const char *name, uint8_t bytes[2048])
{
	char path[512];
	size_t len;
	FILE *f;

	snprintf(path, sizeof path, "%s%s", SEEDS "audit/", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	len = fread(bytes, 1, 2048, f);
	assert_int_equal(ferror(f), 0);
	fclose(f);
	assert_in_range(len, 1, 2047);
	return len;
}

/* One record as the kernel sends it. */
static size_t
record(uint8_t *bytes, uint16_t type, const char *text)
{
	struct nlmsghdr head = { .nlmsg_type = type,
	    .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + strlen(text)) };

	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + NLMSG_HDRLEN, text, strlen(text));
	return head.nlmsg_len;
}

/* Reads all that BYTES has: how many ports, the last of them, and faults. */
static unsigned
read_all(struct audit_halves *halves, const void *bytes, size_t len,
    struct change_port *port, unsigned *malformed)
{
	struct audit_reader r;
	enum audit_found found;
	unsigned ports = 0;
	struct change c;

	*malformed = 0;
	audit_reader_init(&r, bytes, len);
	while ((found = audit_next(&r, halves, &c)) != AUDIT_NO_MORE) {
		assert_in_range(r.next, 1, len);
		assert_int_equal(r.fault != NULL, found == AUDIT_MALFORMED);
		*malformed += found == AUDIT_MALFORMED;
		if (found != AUDIT_PORT)
			continue;
		assert_int_equal(c.type, CHANGE_PORT);
		assert_int_equal(c.ifindex, 0);
		*port = c.port;
		ports++;
	}
	return ports;
}

static void
real(void **state)
{
	static const struct {
		const char *name;
		uint32_t pid;
		uint16_t port;
		const char *command;
	} table[] = {
		{ "tcp4", 23918, 58477, "clash" },
		{ "tcp6", 23955, 38047, "a b pid=1 \"x" },
		{ "udp4", 23988, 32846, "pid=1" },
		{ "udp6", 24033, 36419, "\xff\xfe\x01\n" },
		{ "unix", 0, 0, "" },
	};
	static struct audit_halves halves;
	struct change_port port = { .pid = 0 };
	uint8_t bytes[2048];
	unsigned malformed, i, h;
	size_t len;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		memset(&port, 0, sizeof port);
		len = load(table[i].name, bytes);
		assert_int_equal(read_all(&halves, bytes, len, &port,
		    &malformed), table[i].port != 0);
		assert_int_equal(malformed, 0);
		assert_int_equal(port.pid, table[i].pid);
		assert_int_equal(port.port, table[i].port);
		assert_int_equal(port.protocol, 0);
		assert_string_equal(port.command, table[i].command);
		/* The end of the event leaves nothing behind. */
		for (h = 0; h < AUDIT_HALVES; h++)
			assert_int_equal(halves.half[h].has, 0);
	}
}

#define CALL(rest) AUDIT_SYSCALL, "audit(1700000000.123:7): " rest
#define ADDRESS(rest) AUDIT_SOCKADDR, "audit(1700000000.123:7): saddr=" rest
#define IN_USE "arch=c000003e syscall=49 success=no exit=-98 a0=4 pid=5 "

/* Records, how many of them are broken, and the command that comes out, with
 * process 5 and port 80; NULL: nothing does. */
static const struct {
	struct {
		uint16_t type;
		const char *text;
	} records[4];
	unsigned malformed;
	const char *command;
} sequences[] = {
	{ { { CALL(IN_USE "comm=\"a\" key=(null)") },
	    { ADDRESS("020000507F0000010000000000000000") } }, 0, "a" },
	/* The other way round; in small letters; with an end between. */
	{ { { ADDRESS("020000507F0000010000000000000000") },
	    { CALL(IN_USE "comm=\"a\" key=(null)") } }, 0, "a" },
	{ { { ADDRESS("0a000050000000000000") },
	    { CALL(IN_USE "comm=ff key=(null)") } }, 0, "\xff" },
	{ { { CALL(IN_USE "comm=\"a\" key=(null)") },
	    { AUDIT_EOE, "audit(1700000000.123:7): " },
	    { ADDRESS("02000050") } }, 0, NULL },
	/* A 32-bit program, by the call that has all in one. */
	{ { { CALL("arch=40000003 syscall=102 success=no exit=-98 a0=2 pid=5 "
	    "comm=\"a\" key=(null)") }, { 1304, "audit(1700000000.123:7): "
	    "nargs=3 a0=4 a1=ff a2=10" }, { ADDRESS("02000050") } }, 0, "a" },
	/* Of other calls, or of the same number at another time. */
	{ { { CALL(IN_USE "key=(null)") }, { AUDIT_SOCKADDR,
	    "audit(1700000000.123:8): saddr=02000050" } }, 0, NULL },
	{ { { CALL(IN_USE "key=(null)") }, { AUDIT_SOCKADDR,
	    "audit(1700000000.124:7): saddr=02000050" } }, 0, NULL },
	/* One may come twice, or something between. */
	{ { { CALL(IN_USE "comm=\"b\" key=(null)") },
	    { CALL(IN_USE "comm=\"a\" key=(null)") },
	    { AUDIT_SOCKADDR, "audit(1700000000.123:8): saddr=02000051" },
	    { ADDRESS("02000050") } }, 0, "a" },
	/* It worked, failed otherwise, or never returned. */
	{ { { CALL("success=yes exit=0 pid=5 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("success=no exit=-13 pid=5 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("success=no exit=-980 pid=5 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("success=no exit=-98x pid=5 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("success=no exit=98 pid=5 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("a0=4 pid=5 key=(null)") }, { ADDRESS("02000050") } }, 0,
	    NULL },
	/* Names that want to be more than that. */
	{ { { CALL("comm=\"exit=-98 pid=5 \" exit=-13 pid=6 key=(null)") },
	    { ADDRESS("02000050") } }, 0, NULL },
	{ { { CALL("comm=\"x pid=6\" " IN_USE "comm=\"y\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "x pid=6" },
	{ { { CALL(IN_USE "pid=6 comm=\"a\" comm=\"b\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "a" },
	{ { { CALL("exits=-13 pid6=7 exit " IN_USE "comm=\"a\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "a" },
	{ { { CALL("xpid=6 ppid=7 " IN_USE "comm=\"a\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "a" },
	/* Too long, none, not hexadecimal, with a NUL, without an end. */
	{ { { CALL(IN_USE "comm=\"0123456789abcdefgh\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "0123456789abcde" },
	{ { { CALL(IN_USE "comm=3031323334353637383961626364656667 k=1") },
	    { ADDRESS("02000050") } }, 0, "0123456789abcde" },
	{ { { CALL(IN_USE "comm=\"\" key=(null)") },
	    { ADDRESS("02000050") } }, 0, "" },
	{ { { CALL(IN_USE "comm=(null) key=(null)") },
	    { ADDRESS("02000050") } }, 0, "" },
	{ { { CALL(IN_USE "comm=61620063 key=(null)") },
	    { ADDRESS("02000050") } }, 0, "ab" },
	{ { { CALL(IN_USE "comm=\"ab") }, { ADDRESS("02000050") } }, 0, "" },
	/* The process is missing, cut, or no number. */
	{ { { CALL("exit=-98 comm=\"a\" key=(null)") },
	    { ADDRESS("02000050") } }, 1, NULL },
	{ { { CALL("exit=-98 pid=5") }, { ADDRESS("02000050") } }, 1, NULL },
	{ { { CALL("exit=-98 pid=5x key=(null)") }, { ADDRESS("02000050") } },
	    1, NULL },
	{ { { CALL("exit=-98 pid=4294967296 key=(null)") },
	    { ADDRESS("02000050") } }, 1, NULL },
	/* Other families, any port, and pieces. */
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("0100005000") } }, 0,
	    NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("1000005000") } }, 0,
	    NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("02000000") } }, 0, NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("0200005") } }, 1, NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("02") } }, 1, NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("") } }, 1, NULL },
	{ { { CALL(IN_USE "key=(null)") }, { ADDRESS("zz000050") } }, 1, NULL },
	/* The number of the record. */
	{ { { AUDIT_SYSCALL, "" }, { AUDIT_SYSCALL, "audit(1.1:1)" },
	    { AUDIT_SYSCALL, "audit(1.1000:1): " },
	    { AUDIT_SYSCALL, "audit(99999999999999999999.1:1): " } }, 4, NULL },
	{ { { AUDIT_EOE, "audit(1.1:4294967296): " },
	    { AUDIT_EOE, "audit(.1:1): " }, { AUDIT_SOCKADDR, "saddr=02" },
	    { AUDIT_EOE, "audit(1.1:): " } }, 4, NULL },
	/* Nothing of ours. */
	{ { { AUDIT_PROCTITLE, "x" }, { AUDIT_USER, "audit(1.1:1): exit=-98" },
	    { 0, "" }, { 65535, "" } }, 0, NULL },
};

static void
sequence(void **state)
{
	uint8_t bytes[2048];
	size_t i, n;

	(void)state;
	for (i = 0; i < LENGTH(sequences); i++) {
		struct audit_halves halves = { .oldest = 0 };
		struct change_port port = { .pid = 0 };
		unsigned ports = 0, malformed = 0, m;

		for (n = 0; n < 4 && sequences[i].records[n].text != NULL;
		    n++) {
			ports += read_all(&halves, bytes, record(bytes,
			    sequences[i].records[n].type,
			    sequences[i].records[n].text), &port, &m);
			malformed += m;
		}
		if (ports != (sequences[i].command != NULL) ||
		    malformed != sequences[i].malformed)
			fail_msg("%zu: %s: %u ports, %u malformed", i,
			    sequences[i].records[0].text, ports, malformed);
		if (ports == 0)
			continue;
		assert_int_equal(port.pid, 5);
		assert_int_equal(port.port, 80);
		assert_string_equal(port.command, sequences[i].command);
	}
}

/* Halves that never find the other: the memory is what it is, and after any
 * number of them a whole one is found. */
static void
lonely(void **state)
{
	static struct audit_halves halves;
	struct change_port port;
	uint8_t bytes[2048];
	unsigned i, malformed;
	char text[256];

	(void)state;
	for (i = 0; i < 100000; i++) {
		snprintf(text, sizeof text, "audit(1700000000.001:%u): %s", i,
		    i % 2 ? "exit=-98 pid=5 key=(null)" : "saddr=02000050");
		assert_int_equal(read_all(&halves, bytes, record(bytes, i % 2 ?
		    AUDIT_SYSCALL : AUDIT_SOCKADDR, text), &port, &malformed),
		    0);
		assert_int_equal(malformed, 0);
	}
	/* What is not too long ago is still known. */
	snprintf(text, sizeof text, "audit(1700000000.001:%u): saddr=0A000051",
	    100001 - AUDIT_HALVES);
	assert_int_equal(read_all(&halves, bytes, record(bytes, AUDIT_SOCKADDR,
	    text), &port, &malformed), 1);
	assert_int_equal(port.port, 81);
	snprintf(text, sizeof text, "audit(1700000000.001:%u): saddr=0A000051",
	    99999 - AUDIT_HALVES);
	assert_int_equal(read_all(&halves, bytes, record(bytes, AUDIT_SOCKADDR,
	    text), &port, &malformed), 0);
}

/* Cut anywhere it is no other process or port than it was; with any bit wrong
 * it says no more than it holds (which the sanitizers see). */
static void
damaged(void **state)
{
	static const char *const names[] = { "tcp4", "tcp6", "udp6" };
	uint8_t bytes[2048], *copy;
	struct change_port whole, port;
	unsigned malformed;
	size_t i, len, n;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		struct audit_halves halves = { .oldest = 0 };

		len = load(names[i], bytes);
		assert_int_equal(read_all(&halves, bytes, len, &whole,
		    &malformed), 1);
		for (n = 1; n < len; n++) {
			copy = malloc(n);
			assert_non_null(copy);
			memcpy(copy, bytes, n);
			if (read_all(&halves, copy, n, &port, &malformed) > 0)
				assert_memory_equal(&port, &whole, sizeof port);
			free(copy);
		}
		for (n = 0; n < 8 * len; n++) {
			copy = malloc(len);
			assert_non_null(copy);
			memcpy(copy, bytes, len);
			copy[n / 8] ^= (uint8_t)(1u << n % 8);
			if (read_all(&halves, copy, len, &port, &malformed) > 0)
				assert_int_not_equal(port.port, 0);
			free(copy);
		}
	}
}

/* A record of the system call that ends anywhere: its process or none. */
static void
cut(void **state)
{
	uint8_t bytes[2048], piece[2048];
	struct change_port port;
	struct nlmsghdr head;
	unsigned malformed;
	size_t len;

	(void)state;
	load("tcp6", bytes);
	memcpy(&head, bytes, sizeof head);
	assert_int_equal(head.nlmsg_type, AUDIT_SYSCALL);
	for (len = NLMSG_HDRLEN; len <= head.nlmsg_len; len++) {
		struct audit_halves halves = { .oldest = 0 };
		struct nlmsghdr shorter = head;

		memcpy(piece, bytes, len);
		shorter.nlmsg_len = (uint32_t)len;
		memcpy(piece, &shorter, sizeof shorter);
		read_all(&halves, piece, len, &port, &malformed);
		if (read_all(&halves, piece, record(piece, AUDIT_SOCKADDR,
		    "audit(1795623681.691:4105): saddr=02000050"), &port,
		    &malformed) == 0)
			continue;
		assert_int_equal(port.pid, 23955);
		assert_true(port.command[0] == '\0' ||
		    strcmp(port.command, "a b pid=1 \"x") == 0);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(real),
		cmocka_unit_test(sequence),
		cmocka_unit_test(lonely),
		cmocka_unit_test(damaged),
		cmocka_unit_test(cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
