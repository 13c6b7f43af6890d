/* Eigenvalues and eigenvectors of many small symmetric matrices, LANES at a time: cyclic Jacobi rotations
 * (Golub and Van Loan, Matrix Computations, section "Jacobi methods"). Included after levels.h.
 * Jacobi keeps small eigenvalues of a positive definite matrix exact to their own size (Demmel and Veselic 1992,
 * 10.1137/0613074). A matrix that has converged is turned by nothing, so that it does not feel how long its neighbors
 * take.
 */

#define VEC NAME(vec)
#define IVEC NAME(ivec)
#define INLINE static inline __attribute__((always_inline)) TARGET

INLINE VEC NAME(root)(VEC x) {
#if defined(X86) && LANES == 2
    return (VEC)_mm_sqrt_pd((__m128d)x);
#elif defined(X86) && LANES == 4
    return (VEC)_mm256_sqrt_pd((__m256d)x);
#elif defined(X86)
    return (VEC)_mm512_sqrt_pd((__m512d)x);
#else
    for (int b = 0; b < LANES; b++) x[b] = __builtin_sqrt(x[b]);
    return x;
#endif
}

/* Turn rows and columns p and q so that their common element vanishes where it is not negligible. Returns 0 where it
 * is for none. */
INLINE int NAME(rotate)(int n, VEC *a, VEC *v, int p, int q) {
    const VEC one = NAME(fill)(1.0), off = a[p * n + q];
    const VEC size_pq = (VEC)((IVEC)(a[p * n + p] * a[q * n + q]) & INT64_MAX);
    const IVEC live = off * off > size_pq * NAME(fill)(NEGLIGIBLE * NEGLIGIBLE);
    if (!NAME(set_lanes)(live)) return 0;
    const VEC apq = (VEC)((IVEC)off & live);
    const VEC theta = (a[q * n + q] - a[p * n + p]) / (apq + apq);
    const VEC size = (VEC)((IVEC)theta & INT64_MAX);
    VEC t = one / (size + NAME(root)(theta * theta + one));
    t = NAME(choose)(theta < NAME(fill)(0.0), -t, t);
    t = (VEC)((IVEC)t & live);
    const VEC c = one / NAME(root)(t * t + one), s = t * c, tau = s / (one + c);
    a[p * n + p] = a[p * n + p] - t * apq;
    a[q * n + q] = a[q * n + q] + t * apq;
    a[p * n + q] = a[q * n + p] = off - apq;
    for (int i = 0; i < n; i++) {
        if (i != p && i != q) {
            const VEC x = a[i * n + p], y = a[i * n + q];
            a[i * n + p] = a[p * n + i] = x - s * (y + tau * x);
            a[i * n + q] = a[q * n + i] = y + s * (x - tau * y);
        }
        const VEC x = v[i * n + p], y = v[i * n + q];
        v[i * n + p] = x - s * (y + tau * x);
        v[i * n + q] = y + s * (x - tau * y);
    }
    return 1;
}

INLINE void NAME(put_in_order)(int n, VEC *a, VEC *v) {
    for (int end = n - 1; end > 0; end--)
        for (int i = 0; i < end; i++) {
            const VEC low = a[i * n + i], high = a[(i + 1) * n + i + 1];
            const IVEC wrong = low > high;
            a[i * n + i] = NAME(choose)(wrong, high, low);
            a[(i + 1) * n + i + 1] = NAME(choose)(wrong, low, high);
            for (int k = 0; k < n; k++) {
                const VEC x = v[k * n + i], y = v[k * n + i + 1];
                v[k * n + i] = NAME(choose)(wrong, y, x);
                v[k * n + i + 1] = NAME(choose)(wrong, x, y);
            }
        }
}

/* Turn `a` into its eigenvalues, which stand on its diagonal in order of size, and fill `v` with its vectors. */
INLINE void NAME(diagonalize)(int n, VEC *a, VEC *v) {
    for (int q = 0; q < n * n; q++) v[q] = NAME(fill)(q % (n + 1) == 0 ? 1.0 : 0.0);
    for (int sweep = 0, turned = 1; turned && sweep < MOST_SWEEPS; sweep++) {
        turned = 0;
        for (int p = 0; p < n - 1; p++)
            for (int q = p + 1; q < n; q++) turned |= NAME(rotate)(n, a, v, p, q);
    }
    NAME(put_in_order)(n, a, v);
}

#undef VEC
#undef IVEC
#undef INLINE
