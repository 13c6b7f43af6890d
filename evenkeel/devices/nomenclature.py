"""What the codes in a monitor's message mean: signs, units, flags, and the numbers that stand for nothing.

Sources:
- Codes: IEEE 11073-10101 as IHE PCD-01 messages carry them. 150344 (temperature, no site named) is in the
  GE B40/B20 HL7 Reference Manual, 2062665-001 G, sample messages. 151708 (end-tidal carbon dioxide) was read
  second-hand, in two published maps that agree.
- Units: 262144 (the dimension partition, 4 x 65536) plus the 11073-10101 term, so 266016 = 262144 + 3872.
- Flags and statuses: IHE PCD TF-2, OBX-8 and OBX-11, as tabled in the HL7 Point-of-Care Device guide.
"""

from decimal import Decimal
from enum import StrEnum

from evenkeel.values.shape import frozen


class Sign(StrEnum):
    """A measured sign that Evenkeel charts."""

    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    MEAN_PRESSURE = "mean_pressure"
    PULSE = "pulse"
    SPO2 = "spo2"
    BREATHS = "breaths"
    TEMPERATURE = "temperature"
    ETCO2 = "etco2"


CANONICAL_UNIT: dict[Sign, str] = {
    Sign.SYSTOLIC: "mm[Hg]",
    Sign.DIASTOLIC: "mm[Hg]",
    Sign.MEAN_PRESSURE: "mm[Hg]",
    Sign.PULSE: "/min",
    Sign.SPO2: "%",
    Sign.BREATHS: "/min",
    Sign.TEMPERATURE: "Cel",
    Sign.ETCO2: "mm[Hg]",
}


@frozen
class Metric:
    """One MDC code. `preference` orders codes of one sign, 0 first, when two arrive for the same moment."""

    sign: Sign
    names: tuple[str, ...]
    preference: int


# 150031 is absent on purpose: one monitor sends it for systolic pressure, wrongly, and a wrong code is not
# guessed. Invasive pressures (150033 onward) are absent: no arterial line is placed for this treatment.
METRICS: dict[str, Metric] = {
    "150021": Metric(sign=Sign.SYSTOLIC, names=("MDC_PRESS_BLD_NONINV_SYS",), preference=0),
    "150022": Metric(sign=Sign.DIASTOLIC, names=("MDC_PRESS_BLD_NONINV_DIA",), preference=0),
    "150023": Metric(sign=Sign.MEAN_PRESSURE, names=("MDC_PRESS_BLD_NONINV_MEAN",), preference=0),
    "150301": Metric(sign=Sign.SYSTOLIC, names=("MDC_PRESS_CUFF_SYS",), preference=1),
    "150302": Metric(sign=Sign.DIASTOLIC, names=("MDC_PRESS_CUFF_DIA",), preference=1),
    "150303": Metric(sign=Sign.MEAN_PRESSURE, names=("MDC_PRESS_CUFF_MEAN",), preference=1),
    # The electrocardiogram counts beats directly; a finger or a cuff counts those that reach it.
    "147842": Metric(sign=Sign.PULSE, names=("MDC_ECG_HEART_RATE", "MDC_ECG_CARD_BEAT_RATE"), preference=0),
    "149530": Metric(sign=Sign.PULSE, names=("MDC_PULS_OXIM_PULS_RATE",), preference=1),
    "149522": Metric(sign=Sign.PULSE, names=("MDC_PULS_RATE", "MDC_BLD_PULS_RATE_INV"), preference=2),
    "149546": Metric(sign=Sign.PULSE, names=("MDC_PULS_RATE_NON_INV",), preference=3),
    "150456": Metric(sign=Sign.SPO2, names=("MDC_PULS_OXIM_SAT_O2",), preference=0),
    # Exhaled gas shows breathing itself; the chest can move behind a closed airway.
    "151594": Metric(sign=Sign.BREATHS, names=("MDC_CO2_RESP_RATE",), preference=0),
    "151570": Metric(sign=Sign.BREATHS, names=("MDC_AWAY_RESP_RATE",), preference=1),
    "151562": Metric(sign=Sign.BREATHS, names=("MDC_RESP_RATE",), preference=2),
    "188424": Metric(sign=Sign.TEMPERATURE, names=("MDC_TEMP_ORAL",), preference=0),
    "150392": Metric(sign=Sign.TEMPERATURE, names=("MDC_TEMP_TYMP",), preference=1),
    "150344": Metric(sign=Sign.TEMPERATURE, names=("MDC_TEMP",), preference=2),
    "151708": Metric(sign=Sign.ETCO2, names=("MDC_CONC_AWAY_CO2_ET",), preference=0),
}

# The LOINC codes of the FHIR vital signs profiles (US Core asks for both codes of a saturation). 19891-1 is
# absent: whether it means end-tidal carbon dioxide was not found in a source. 96607-7, an average of several
# pressures, is no measurement of a moment.
LOINC: dict[str, Sign] = {
    "8480-6": Sign.SYSTOLIC,
    "8462-4": Sign.DIASTOLIC,
    "8478-0": Sign.MEAN_PRESSURE,
    "8867-4": Sign.PULSE,
    "59408-5": Sign.SPO2,
    "2708-6": Sign.SPO2,
    "9279-1": Sign.BREATHS,
    "8310-5": Sign.TEMPERATURE,
}
# Headings over the pressures of one measurement: the panel in LOINC, and the same in MDC.
PRESSURE_PANELS: frozenset[str] = frozenset({"85354-9", "150020"})

SIGN_BY_NAME: dict[str, Sign] = {name: metric.sign for metric in METRICS.values() for name in metric.names}


@frozen
class Unit:
    """A unit as sent: its MDC name if it has one, its canonical UCUM unit, and the factor to reach it."""

    name: str
    canonical: str
    factor: Decimal


ONE = Decimal(1)
# NIST SP 811 (2008), appendix B: 1 mmHg (conventional) = 133.3224 Pa, so 1 kPa = 7.50062 mmHg.
MMHG_PER_KPA = Decimal("7.50062")

MDC_UNITS: dict[str, Unit] = {
    "266016": Unit(name="MDC_DIM_MMHG", canonical="mm[Hg]", factor=ONE),
    "265987": Unit(name="MDC_DIM_KILO_PASCAL", canonical="mm[Hg]", factor=MMHG_PER_KPA),
    "264864": Unit(name="MDC_DIM_BEAT_PER_MIN", canonical="/min", factor=ONE),
    "264928": Unit(name="MDC_DIM_RESP_PER_MIN", canonical="/min", factor=ONE),
    "262688": Unit(name="MDC_DIM_PERCENT", canonical="%", factor=ONE),
    "268192": Unit(name="MDC_DIM_DEGC", canonical="Cel", factor=ONE),
}

UCUM_UNITS: dict[str, Unit] = {
    "mm[Hg]": Unit(name="", canonical="mm[Hg]", factor=ONE),
    "kPa": Unit(name="", canonical="mm[Hg]", factor=MMHG_PER_KPA),
    "/min": Unit(name="", canonical="/min", factor=ONE),
    "1/min": Unit(name="", canonical="/min", factor=ONE),
    "{beat}/min": Unit(name="", canonical="/min", factor=ONE),
    "{beats}/min": Unit(name="", canonical="/min", factor=ONE),
    "{breath}/min": Unit(name="", canonical="/min", factor=ONE),
    "{breaths}/min": Unit(name="", canonical="/min", factor=ONE),
    "%": Unit(name="", canonical="%", factor=ONE),
    "Cel": Unit(name="", canonical="Cel", factor=ONE),
}

# A pulse counted in breaths per minute means that two metrics were mixed up on the way.
RATE_UNITS_BY_SIGN: dict[Sign, frozenset[str]] = {
    Sign.PULSE: frozenset({"264864", "/min", "1/min", "{beat}/min", "{beats}/min"}),
    Sign.BREATHS: frozenset({"264928", "/min", "1/min", "{breath}/min", "{breaths}/min"}),
}

# Monitors by source write these for "nothing measured"; 8388607 is "not a number" in the FLOAT type of
# IEEE 11073-20601. Zero is judged apart: no charted sign is zero in a person who breathes and whose heart
# beats.
MISSING_VALUES: frozenset[Decimal] = frozenset(
    {Decimal(-1), Decimal(-100), Decimal("-99.9"), Decimal(-999), Decimal(8388607)}
)

FLAGS_TEST = frozenset({"TEST", "DEMO"})
FLAGS_NO_SIGNAL = frozenset({"NAV", "BUSY", "OFF", "NI"})
FLAG_QUESTIONABLE = "QUES"

STATUS_NO_RESULT = "X"
STATUS_ACCEPTED = frozenset({"R", "F", "C"})
STATUS_WITHDRAWN = frozenset({"D", "W"})
