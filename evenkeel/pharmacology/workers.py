"""Work shared out: in this process, on the cores of this machine, or on a cluster that is already there.

More than one worker needs `distributed` (Dask), which the extra `science` installs. The pieces and what is
computed for each are the same whoever computes them, so the workers change the time and not the result.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from evenkeel.pharmacology.errors import WorkersError
from evenkeel.pharmacology.tables import HOW_TO_INSTALL

# Pieces handed out beyond those being worked on, so that no worker waits for the next.
_QUEUED_PER_WORKER: Final = 2
_CONNECT_S: Final = 10
# What a cluster is taken to have whose size is not known beforehand.
_CLUSTER_HANDS: Final = 4

# Dask has workers give memory back at every chance, and the C library gives back every large array. Each new
# one then has to be fetched from the system again, which takes about as long as the work itself.
_ENVIRONMENT: Final = {
    "OMP_NUM_THREADS": 1,
    "MALLOC_ARENA_MAX": 1,
    "MALLOC_MMAP_MAX_": 0,
    "MALLOC_TRIM_THRESHOLD_": 2**30,
}
# Dask looks a hundred times a second at what each worker is doing, for a page that is not served here.
_CONFIGURATION: Final = {
    "distributed.nanny.pre-spawn-environ": _ENVIRONMENT,
    "distributed.worker.profile.enabled": False,
}

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Progress(Protocol):
    """Called in the caller's thread after each piece, with how much is done and how much there is."""

    def __call__(self, done: int, whole: int, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Who works: `count` processes on this machine, or the cluster at the address `scheduler`.

    A cluster is given work as if it had `cluster_hands` processes; more or fewer cost time alone.
    One worker is this process itself, without Dask. A script that asks for more must keep its own calls under
    `if __name__ == "__main__":`, because each new process reads the script. Raises WorkersError for a number
    below 1, or for both a count and a scheduler.
    """

    count: int = 1
    scheduler: str | None = None
    cluster_hands: int = _CLUSTER_HANDS

    def __post_init__(self) -> None:
        if type(self.count) is not int or self.count < 1:
            raise WorkersError(f"workers must be a whole number of 1 or more, not {self.count!r}.")
        if type(self.cluster_hands) is not int or self.cluster_hands < 1:
            raise WorkersError(
                f"cluster_hands must be a whole number of 1 or more, not {self.cluster_hands!r}."
            )
        if self.scheduler is not None and self.count != 1:
            raise WorkersError("workers and scheduler exclude each other: a cluster has its own workers.")

    @property
    def hands(self) -> int:
        """Among how many the work is to be divided."""
        return self.count if self.scheduler is None else self.cluster_hands

    @property
    def is_here(self) -> bool:
        """Whether all the work is done in this process."""
        return self.count == 1 and self.scheduler is None


def run_pieces(
    task: Callable[[Piece], Result],
    pieces: Sequence[Piece],
    *,
    workers: Workers,
    progress: Progress | None = None,
) -> Iterator[tuple[int, Result]]:
    """The place and result of each piece, in whatever order they are done.

    With more than one worker, `task` and the pieces must be picklable, so a task is a function of a module or
    a `functools.partial` of one. What a task raises is raised here. `progress` counts pieces.
    Raises WorkersError when `distributed` is not installed or the scheduler does not answer.
    """
    found = _here(task, pieces) if workers.is_here else _elsewhere(task, pieces, workers)
    for done, (place, result) in enumerate(found, start=1):
        yield place, result
        if progress is not None:
            progress(done, len(pieces))


def _here(task: Callable[[Piece], Result], pieces: Sequence[Piece]) -> Iterator[tuple[int, Result]]:
    for place, piece in enumerate(pieces):
        yield place, task(piece)


def _elsewhere(
    task: Callable[[Piece], Result], pieces: Sequence[Piece], workers: Workers
) -> Iterator[tuple[int, Result]]:
    distributed = _distributed()
    with ExitStack() as stack:
        if workers.scheduler is None:
            workers = stack.enter_context(local_workers(workers.count))
        assert workers.scheduler is not None
        client = stack.enter_context(_client(distributed, workers.scheduler))
        waiting = enumerate(pieces)
        hands = max(1, sum(client.nthreads().values()))

        def hand_out() -> Any:
            for place, piece in waiting:
                return client.submit(_numbered, task, place, piece, pure=False)
            return None

        first = [hand_out() for _ in range(min(len(pieces), hands * (1 + _QUEUED_PER_WORKER)))]
        done = distributed.as_completed(first, loop=client.loop)
        for future in done:
            place, result = future.result()
            future.release()
            following = hand_out()
            if following is not None:
                done.add(following)
            yield place, result


def _numbered(task: Callable[[Piece], Result], place: int, piece: Piece) -> tuple[int, Result]:
    return place, task(piece)


@contextmanager
def local_workers(count: int) -> Iterator[Workers]:
    """Processes of this machine that serve for several calls, since starting them takes seconds.

    Use it in a `with` block, and give what it yields to each call. Raises WorkersError for a count below 1
    and when `distributed` is not installed.
    """
    Workers(count=count)
    distributed = _distributed()
    import dask

    with (
        dask.config.set(_CONFIGURATION),
        distributed.LocalCluster(
            n_workers=count,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            # Dask serves its state over HTTP even without a dashboard: here on this machine alone.
            dashboard_address="127.0.0.1:0",
        ) as cluster,
    ):
        yield Workers(scheduler=cluster.scheduler_address, cluster_hands=count)


def _client(distributed: Any, scheduler: str) -> Any:
    try:
        return distributed.Client(scheduler, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as cause:
        raise WorkersError(f"No scheduler answers at {scheduler!r}.") from cause


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as cause:
        raise WorkersError(f"More than one worker needs the package distributed. {HOW_TO_INSTALL}") from cause
    return distributed
