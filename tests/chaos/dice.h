/*
 * Chance that comes from a seed alone, the same on every machine.
 */
#ifndef DICE_H
#define DICE_H

#include <stdbool.h>
#include <stdint.h>

/* splitmix64, by Sebastiano Vigna. */
static inline uint64_t
dice_next(uint64_t *dice)
{
	uint64_t z = *dice += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* Of 0 to N - 1. */
static inline unsigned
dice_below(uint64_t *dice, unsigned n)
{
	return (unsigned)(dice_next(dice) % n);
}

/* True N times of a thousand. */
static inline bool
dice_chance(uint64_t *dice, unsigned n)
{
	return dice_below(dice, 1000) < n;
}

#endif
