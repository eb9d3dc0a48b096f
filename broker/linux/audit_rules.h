/*
 * Whether the kernel audits what ports need, for who may know it.
 */
#ifndef KEVD_AUDIT_RULES_H
#define KEVD_AUDIT_RULES_H

/* Logs the commands that are missing. Blocks until the kernel answered. */
void audit_rules_check(void);

#endif
