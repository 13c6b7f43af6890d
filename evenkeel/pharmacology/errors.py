"""Refusals that a caller can cause. Each message is a sentence that names the argument and the rule."""


class PharmacologyError(ValueError):
    """Base of every refusal in this package."""


class ProfileError(PharmacologyError):
    """The infusion profile cannot have happened: a negative rate, or an end before its start."""


class BodyError(PharmacologyError):
    """The body cannot exist: a weight or an age that is not a positive finite number."""


class OutputTimeError(PharmacologyError):
    """The requested output times are empty, unsorted or not finite."""


class ParameterSetError(PharmacologyError):
    """A parameter-set file lacks a unit or a source, or does not reproduce its own check values."""


class ModelError(PharmacologyError):
    """The system of compartments cannot exist: a volume of 0, a part that never loses drug, a loop."""


class RouteError(PharmacologyError):
    """The profile gives drug by a route that the model has no entry for."""


class ArgumentError(PharmacologyError):
    """An argument has the wrong shape, type or name; the message says which are accepted."""


class MoodError(PharmacologyError):
    """A course, a score or a forecast of mood cannot be: an unknown scale, a total out of range."""


class EffectError(PharmacologyError):
    """An effect was asked of the wrong level, site or parameter set, or of an infusion that cannot be."""


class FileError(PharmacologyError):
    """A file cannot be read or written as asked, or needs a package that is not installed."""


class PlotError(PharmacologyError):
    """There is nothing that may be drawn: a result without a status, or one that holds no curve."""


class CohortError(PharmacologyError):
    """A cohort, trial or check of it cannot be as asked: its size, seed, covariance, times or columns."""


class WorkersError(PharmacologyError):
    """Work cannot be shared out as asked: a number of workers below 1, or `distributed` is not installed."""


class ObservationError(PharmacologyError):
    """A level or a score cannot be used: an unknown output or unit, a value of 0, a time before any drug."""


class FitError(PharmacologyError):
    """A fit did not come to rest, or an estimate was used for what it is not."""
