/* log, exp and the normal quantile from exactly rounded operations only (+ - * / sqrt), because
 * libm picks other code on other processors and a run must not depend on that (DESIGN section 3).
 * Relative error below 1e-14 in the ranges used; tests hold them against libm and GSL. */
#ifndef SIM_BASE_DMATH_H
#define SIM_BASE_DMATH_H

double dmath_log(double x); /* x > 0, finite */
double dmath_exp(double x);
double dmath_pow(double x, double y);   /* x > 0 */
double dmath_normal_quantile(double p); /* 0 < p < 1 */

#endif
