/*
 * The counters of kevd in the text format that Prometheus reads.
 */
#ifndef KEV_CLIENT_PROMETHEUS_H
#define KEV_CLIENT_PROMETHEUS_H

struct json_t;

/*
 * Prints the answer to "stats" on stdout. Not more than it is bounded to, whatever
 * is in it: of interfaces and namespaces the first thousand and hundred, of
 * topics those that there are.
 */
void prometheus_print(const struct json_t *stats);

#endif
