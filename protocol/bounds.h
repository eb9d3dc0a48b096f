/*
 * What one client, and all of one user together, may ask of the broker. Each is
 * reached by a test.
 */
#ifndef KEV_BOUNDS_H
#define KEV_BOUNDS_H

#define KEV_PROTOCOL		1	/* version of the wire protocol */

#define KEV_REQUEST_MAX		65536	/* bytes of a request, without newline */
#define KEV_PATTERNS_MAX	256	/* topic patterns of one request */
#define KEV_GLOBS_MAX		64	/* interface globs of one request */
#define KEV_MATCHES_MAX		32	/* matches of one request */
#define KEV_GLOB_MAX		256	/* bytes of a pattern or glob */
#define KEV_TURN		32	/* requests before others have their turn */

/* Of a user who is neither root nor kevd's own. */
#define KEV_USER_GLOBS_MAX	4096	/* globs and matches subscribed with */
#define KEV_USER_QUEUES_MAX	16	/* answers not read, times --queue */

#endif
