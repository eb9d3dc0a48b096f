/*
 * The counters of kevd in the text format that Prometheus reads.
 */
#ifndef KEV_CLIENT_PROMETHEUS_H
#define KEV_CLIENT_PROMETHEUS_H

struct json_t;

/* Prints the answer to "stats" on stdout. */
void prometheus_print(const struct json_t *stats);

#endif
