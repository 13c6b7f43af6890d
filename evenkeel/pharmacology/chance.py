"""Chance with an address: the numbers of body i depend on the seed, the purpose and i, and on nothing else.

Philox is a counter-based generator (Salmon et al., SC11, 10.1145/2063384.2063405): block k of its output is a
function of the key and k. Each body owns a fixed run of blocks, so a cohort may be drawn in any chunks, in
any order and by any number of workers. Normals come by the inverse of their distribution, which takes exactly
one number each; NumPy promises to keep the raw output of a bit generator, but not that of its samplers.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.errors import CohortError

FloatArray = NDArray[np.float64]

# Philox4x64 gives four words of 64 bits for each value of its counter.
_WORDS = 4
_SEEDS = 2**64
# 52 bits and a half: every number is strictly between 0 and 1, and exact.
_DROPPED_BITS = np.uint64(12)


class Purpose(IntEnum):
    """What the numbers are for. Each has its own key, so that one never shifts another."""

    COVARIATES = 1
    BETWEEN_BODIES = 2
    OCCASION = 3
    RESIDUAL = 4
    DROP_OUT = 5
    MOOD = 6
    MOOD_RESIDUAL = 7
    DATA_SETS = 8


def uniforms(
    seed: int, purpose: Purpose, *, first: int, bodies: int, columns: int, part: int = 0
) -> FloatArray:
    """Independent numbers strictly between 0 and 1, shape (bodies, columns), for bodies first, first + 1, ...

    `part` separates uses of one purpose, such as visits. Raises CohortError for a seed that is not a whole
    number from 0 to 2**64 - 1.
    """
    refuse_bad_seed(seed)
    assert first >= 0
    assert bodies >= 0
    assert columns >= 0
    blocks = -(-columns // _WORDS)
    key = np.array([seed, (int(purpose) << 32) + part], dtype=np.uint64)
    counter = np.array([first * blocks, 0, 0, 0], dtype=np.uint64)
    raw = np.random.Philox(key=key, counter=counter).random_raw(bodies * blocks * _WORDS)
    kept = raw.reshape(bodies, blocks * _WORDS)[:, :columns] >> _DROPPED_BITS
    found: FloatArray = (kept.astype(np.float64) + 0.5) * 2.0**-52
    return found


def standard_normals(
    seed: int, purpose: Purpose, *, first: int, bodies: int, columns: int, part: int = 0
) -> FloatArray:
    """Independent standard normals, shape (bodies, columns); arguments and errors as for `uniforms`."""
    # SciPy's special functions are loaded only where chance is used.
    from scipy.special import ndtri

    found: FloatArray = ndtri(uniforms(seed, purpose, first=first, bodies=bodies, columns=columns, part=part))
    return found


def lower_root(matrix: FloatArray, names: Sequence[str], what: str) -> FloatArray:
    """Lower triangle L with L L' = matrix (Cholesky), shape (p, p).

    Raises CohortError, beginning with `what`, when the matrix is not square, finite, symmetric or positive
    definite; the last names the first variable whose variance is used up by those before it.
    """
    p = len(names)
    if matrix.shape != (p, p):
        raise CohortError(f"{what} must be {p} by {p}, one row for each of {', '.join(names)}.")
    if not np.all(np.isfinite(matrix)):
        raise CohortError(f"{what} must hold finite numbers.")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0.0):
        raise CohortError(f"{what} must be symmetric.")
    root = np.zeros((p, p))
    for i in range(p):
        for j in range(i):
            root[i, j] = (matrix[i, j] - root[i, :j] @ root[j, :j]) / root[j, j]
        left = float(matrix[i, i] - root[i, :i] @ root[i, :i])
        if left <= 1e-12 * abs(float(matrix[i, i])):
            given = f" once {', '.join(names[:i])} are known" if i else ""
            raise CohortError(
                f"{what} is not positive definite: the variance left for {names[i]}{given} is {left:.3g}, "
                "and it must be greater than 0."
            )
        root[i, i] = np.sqrt(left)
    return root


def correlate(root: FloatArray, normals: FloatArray) -> FloatArray:
    """Rows of independent normals turned into rows with covariance root root', shape (bodies, p).

    Summed column by column in a fixed order: a matrix product may round differently for another number of
    bodies, and a body must not depend on its chunk.
    """
    found = np.zeros_like(normals)
    for i in range(root.shape[0]):
        for j in range(i + 1):
            if root[i, j] != 0:
                found[:, i] += root[i, j] * normals[:, j]
    return found


def refuse_bad_seed(seed: int) -> None:
    """Raises CohortError for a seed that is not a whole number from 0 to 2**64 - 1."""
    if type(seed) is not int or not 0 <= seed < _SEEDS:
        raise CohortError(f"seed must be a whole number from 0 to 2**64 - 1, not {seed!r}.")
