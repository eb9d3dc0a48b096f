/*
 * Whether the kernel audits what ports need, for who may know it.
 */
#ifndef KEVD_AUDIT_RULES_H
#define KEVD_AUDIT_RULES_H

/* Logs the commands that are missing. Blocks for a second at most. */
void audit_rules_check(void);

#endif
