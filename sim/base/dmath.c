#include "sim/base/dmath.h"

#include <assert.h>
#include <math.h> /* constants only: INFINITY */
#include <stdint.h>
#include <string.h>

/* ln 2 in two parts; the first has 33 significant bits, so that its product with an exponent (11
 * bits) is exact. */
#define LN2_HI  0x1.62e42feep-1
#define LN2_LO  0x1.a39ef35793c76p-33
#define INV_LN2 0x1.71547652b82fep+0

/* A number as an unevaluated sum: hi carries the value to 53 bits, lo what is missing. */
struct dd {
    double hi, lo;
};

static struct dd quick_two_sum(double a, double b) /* |a| >= |b| */
{
    double s = a + b;

    return (struct dd){s, b - (s - a)};
}

static struct dd two_sum(double a, double b)
{
    double s = a + b;
    double bb = s - a;

    return (struct dd){s, (a - (s - bb)) + (b - bb)};
}

/* Dekker's exact product by Veltkamp's splitting: a fused multiply-add would be shorter, but not
 * every target has one and the compilers may not choose (DESIGN section 3). */
static struct dd two_product(double a, double b)
{
    double t = 134217729.0 * a; /* 2^27 + 1 */
    double a_hi = t - (t - a), a_lo = a - a_hi;
    double u = 134217729.0 * b;
    double b_hi = u - (u - b), b_lo = b - b_hi;
    double p = a * b;

    return (struct dd){p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
}

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof(x));
    return x;
}

/* x = m * 2^e with m in [sqrt(1/2), sqrt(2)) */
static double split_exponent(double x, int *e)
{
    uint64_t bits;
    int biased;

    *e = 0;
    if (x < 0x1p-1022) { /* subnormal */
        x *= 0x1p54;
        *e = -54;
    }
    memcpy(&bits, &x, sizeof(bits));
    biased = (int)(bits >> 52);
    bits = (bits & UINT64_C(0x000fffffffffffff)) | UINT64_C(0x3ff0000000000000);
    *e += biased - 1023;
    x = from_bits(bits);
    if (x > 0x1.6a09e667f3bcdp+0) {
        x *= 0.5;
        *e += 1;
    }
    return x;
}

static double horner(const double *c, int n, double x)
{
    double sum = c[n - 1];

    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + c[i];
    return sum;
}

/* atanh s = s + s^3 (1/3 + s^2/5 + ...); for s^2 < 0.0295 the first term left out is below 1e-21 */
static const double atanh_terms[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                     1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
                                     1.0 / 23, 1.0 / 25, 1.0 / 27};

/* exp r = 1 + r (1 + r/2! + ...); for |r| < 0.347 the first term left out is below 2e-19 */
static const double exp_terms[] = {1.0,
                                   1.0 / 2,
                                   1.0 / 6,
                                   1.0 / 24,
                                   1.0 / 120,
                                   1.0 / 720,
                                   1.0 / 5040,
                                   1.0 / 40320,
                                   1.0 / 362880,
                                   1.0 / 3628800,
                                   1.0 / 39916800,
                                   1.0 / 479001600,
                                   1.0 / 6227020800.0,
                                   1.0 / 87178291200.0};

/* log m = 2 atanh s, s = (m - 1) / (m + 1), |s| < 0.1716: the first term in double-double, the rest
 * of the series in double, where its rounding weighs at most a hundredth. */
static struct dd log_dd(double x)
{
    int e;
    double m = split_exponent(x, &e);
    double f = m - 1.0; /* exact */
    struct dd d = two_sum(m, 1.0);
    double s = f / d.hi;
    struct dd back = two_product(s, d.hi);
    double s_lo = (((f - back.hi) - back.lo) - s * d.lo) / d.hi;
    double z = s * s;
    double tail;
    struct dd sum;

    tail = 2.0 * s * z * horner(atanh_terms, 13, z);
    sum = two_sum(2.0 * s, tail);
    sum.lo += 2.0 * s_lo;
    if (e != 0) {
        struct dd high = two_sum(e * LN2_HI, sum.hi);

        sum = quick_two_sum(high.hi, high.lo + (sum.lo + e * LN2_LO));
    }
    return sum;
}

double dmath_log(double x)
{
    struct dd l;

    assert(x > 0.0);
    l = log_dd(x);
    return l.hi + l.lo;
}

double dmath_exp(double x)
{
    double k, r, sum;
    int n, half;

    if (x != x)
        return x;
    if (x > 709.79)
        return INFINITY;
    if (x < -745.2)
        return 0.0;
    k = x * INV_LN2;
    n = (int)(k < 0.0 ? k - 0.5 : k + 0.5);
    r = (x - n * LN2_HI) - n * LN2_LO;
    sum = 1.0 + r * horner(exp_terms, 14, r);
    /* In two steps, so that neither factor leaves the range of normal numbers. */
    half = n / 2;
    sum *= from_bits((uint64_t)(half + 1023) << 52);
    return sum * from_bits((uint64_t)(n - half + 1023) << 52);
}

double dmath_pow(double x, double y)
{
    struct dd l, p;
    double rough, e;

    assert(x > 0.0);
    l = log_dd(x);
    rough = y * l.hi;
    if (rough > 800.0 || rough < -800.0 || rough != rough)
        return dmath_exp(rough);
    p = two_product(y, l.hi);
    e = dmath_exp(p.hi);
    return e == INFINITY ? e : e + e * (p.lo + y * l.lo);
}

/* Wichura, Algorithm AS 241: the percentage points of the normal distribution, Applied Statistics
 * 37 (1988), routine PPND16: rational functions of degree 7 in three regions. */
static const double central_num[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                                     1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                     4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                     3.3430575583588128105e+4, 2.5090809287301226727e+3};
static const double central_den[] = {1.0,
                                     4.2313330701600911252e+1,
                                     6.8718700749205790830e+2,
                                     5.3941960214247511077e+3,
                                     2.1213794301586595867e+4,
                                     3.9307895800092710610e+4,
                                     2.8729085735721942674e+4,
                                     5.2264952788528545610e+3};
static const double near_num[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                                  5.76949722146069140550e0,  3.64784832476320460504e0,
                                  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                  2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double near_den[] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
static const double far_num[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                                 1.78482653991729133580e0,  2.96560571828504891230e-1,
                                 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                 2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_den[] = {1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

double dmath_normal_quantile(double p)
{
    double q = p - 0.5;
    double r, x;

    assert(p > 0.0 && p < 1.0);
    if (q >= -0.425 && q <= 0.425) {
        r = 0.180625 - q * q;
        return q * horner(central_num, 8, r) / horner(central_den, 8, r);
    }
    /* sqrt() would want libm for its errno; this is one more log and exp, in the tails only. */
    r = dmath_pow(-dmath_log(q < 0.0 ? p : 1.0 - p), 0.5);
    if (r <= 5.0)
        x = horner(near_num, 8, r - 1.6) / horner(near_den, 8, r - 1.6);
    else
        x = horner(far_num, 8, r - 5.0) / horner(far_den, 8, r - 5.0);
    return q < 0.0 ? -x : x;
}
