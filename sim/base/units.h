/* Numbers with a dimension, as a person writes them: `80 ms`, `50 kbit/s`, `2 %`, `24 h`, `200 B`.
 * The unit is required; reading is exact (decimal, no binary floating point on the way to an
 * integer). */
#ifndef SIM_BASE_UNITS_H
#define SIM_BASE_UNITS_H

#include "sim/base/err.h"
#include "sim/base/time.h"

#include <stddef.h>
#include <stdint.h>

/* All four: ERR_FORMAT: not a number with a unit of this dimension; ERR_RANGE: too large, below the
 * least value, or finer than the unit of the result (1.5 ns). *out is then untouched. */
/* ns us ms s min h d w y (365 d) -> 0 .. SIM_NEVER - 1 */
enum err units_time(const char *text, sim_ns *out) MUST_USE;
/* bit/s kbit/s Mbit/s Gbit/s -> bit/s, at least 1 */
enum err units_rate(const char *text, uint64_t *out) MUST_USE;
/* B kB MB GB KiB MiB GiB -> octets */
enum err units_size(const char *text, uint64_t *out) MUST_USE;
/* `0.5 %` or `ppm` -> parts per million, 0 .. 1,000,000 */
enum err units_share(const char *text, uint32_t *out_ppm) MUST_USE;

/* The whole number of the largest unit that is exact; reads back to the same value (1500 ms ->
 * "1500 ms", 3600 s -> "1 h", SIM_NEVER -> "never", which only people read). out: 32 octets do. */
void units_format_time(sim_ns t, char *out, size_t n);
void units_format_rate(uint64_t bit_s, char *out, size_t n);
void units_format_size(uint64_t octets, char *out, size_t n);
void units_format_share(uint32_t ppm, char *out, size_t n); /* "0.5 %" */
/* For people: three significant digits, "83.7 ms". */
void units_human_time(sim_ns t, char *out, size_t n);
void units_human_count(double v, char *out, size_t n); /* 12.3 k, 4.5 M */

#endif
