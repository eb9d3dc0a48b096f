/*
 * HOT: what runs on the way of a kernel's message to its readers. The compiler
 * puts such functions side by side (cold ones, of errors, elsewhere), so that
 * less has to be fetched when events are rare and nothing is in a cache.
 */
#ifndef KEV_HOT_H
#define KEV_HOT_H

#define HOT __attribute__((hot))

#endif
