"""Work shared out among threads of this process: kernels that leave Python alone run beside each other."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def for_each(act: Callable[[Item], None], items: Sequence[Item], threads: int) -> None:
    """Do it for every item, in any order with more than one thread. What one raises is raised here."""
    if threads == 1:
        for item in items:
            act(item)
        return
    # Loading it takes longer than the work of most who ask for one thread.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(act, items))
