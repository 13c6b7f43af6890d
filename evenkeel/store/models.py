"""Every table there is. Nothing outside `evenkeel.store` imports this module.

Four sorts of table: the record (append-only by trigger), the clinic's own limits (append-only too),
projections of the record (rewritten in the transaction that appends, and compared with a fresh fold by a
test), and ordinary rows (people, chairs, settings) with a change log.
"""

import uuid
from typing import Final

from django.contrib.auth.models import AbstractUser
from django.db import models

# The site that a clinic has before it names any.
MAIN_SITE: Final = "main"

# --- the record ---------------------------------------------------------------------------------------------


class Stream(models.Model):
    """The head of one stream: how far it goes and the hash it ends with. It is also the row writers lock."""

    id = models.CharField(primary_key=True, max_length=60)
    kind = models.CharField(max_length=20, db_index=True)
    seq = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64)


class Entry(models.Model):
    """One written line. `position` orders all lines of the clinic for live pages; truth is (stream, seq)."""

    position = models.BigAutoField(primary_key=True)
    stream = models.ForeignKey(Stream, on_delete=models.PROTECT, related_name="entries", db_index=False)
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=60, db_index=True)
    version = models.PositiveSmallIntegerField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    by_id = models.CharField(max_length=40)
    by_role = models.CharField(max_length=20)
    by_name = models.CharField(max_length=200)
    key = models.CharField(max_length=80)
    amends = models.CharField(max_length=80, null=True)
    amend_reason = models.TextField(null=True)
    payload = models.TextField()
    rules = models.TextField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "seq"], name="entry_seq_once")]


class Submission(models.Model):
    """A request that was carried out, so that the same request sent again finds its first answer."""

    key = models.CharField(primary_key=True, max_length=80)
    action = models.CharField(max_length=60)
    by_id = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    result = models.TextField()
    recorded_at = models.DateTimeField()


class DeviceMessage(models.Model):
    """A device message that was taken in, so that the same message sent again lands once."""

    sender = models.CharField(max_length=200)
    control_id = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(db_index=True)
    acknowledgement = models.CharField(max_length=2)
    visit = models.CharField(max_length=60, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "control_id", "digest"], name="device_message_once")
        ]


class MonitorSample(models.Model):
    """One value as a monitor sent it. Charted values are entries; these are what the device saw."""

    message = models.ForeignKey(DeviceMessage, on_delete=models.PROTECT)
    visit = models.CharField(max_length=60)
    chair = models.CharField(max_length=40)
    sign = models.CharField(max_length=20)
    value = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    no_signal = models.CharField(max_length=60, null=True)
    unit = models.CharField(max_length=20)
    channel = models.CharField(max_length=40)
    observed_at = models.DateTimeField()
    received_at = models.DateTimeField()
    # Which device sent it; null from before that was kept.
    device = models.CharField(max_length=100, null=True)
    # When it was taken out of quarantine by a person, or null: it came to the visit by itself.
    replayed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["visit", "observed_at"], name="sample_by_visit"),
            models.Index(fields=["visit", "sign", "observed_at"], name="sample_by_sign"),
        ]


class ThinnedVisit(models.Model):
    """A visit that is long over, of whose samples only some are kept: the sole leave to delete any."""

    visit = models.CharField(primary_key=True, max_length=60)
    thinned_at = models.DateTimeField()
    full_days = models.PositiveIntegerField()
    samples_before = models.PositiveIntegerField()
    samples_kept = models.PositiveIntegerField()


class QuarantinedMessage(models.Model):
    """A device message, or a value in one, that must not chart; kept whole, with the reason."""

    received_at = models.DateTimeField(db_index=True)
    sender = models.CharField(max_length=200)
    reason = models.CharField(max_length=60)
    sentence = models.TextField()
    raw = models.BinaryField()
    acknowledgement = models.CharField(max_length=2)
    # The message it came in, and by which door: so it can be taken in again. Null from before that was kept.
    door = models.CharField(max_length=10, null=True)
    message = models.ForeignKey(DeviceMessage, on_delete=models.PROTECT, null=True)


class QuarantineReview(models.Model):
    """Somebody looked at what was set aside for one reason from one sender, as far as `upto`, and says so."""

    sender = models.CharField(max_length=200)
    reason = models.CharField(max_length=60)
    upto = models.BigIntegerField()
    at = models.DateTimeField()
    by_id = models.CharField(max_length=40)
    by_name = models.CharField(max_length=200)
    words = models.TextField()


class QuarantineReplay(models.Model):
    """What became of a message in quarantine when a person had it taken in again."""

    message = models.ForeignKey(DeviceMessage, on_delete=models.PROTECT)
    at = models.DateTimeField()
    by_id = models.CharField(max_length=40)
    by_name = models.CharField(max_length=200)
    # How many values came to a visit; none, with the reason in words, when it still may not chart.
    charted = models.PositiveIntegerField()
    visit = models.CharField(max_length=60, null=True)
    sentence = models.TextField()


class AccessRecord(models.Model):
    """Who looked at or wrote to whose data, when and by which page."""

    at = models.DateTimeField(db_index=True)
    by_id = models.CharField(max_length=40)
    by_role = models.CharField(max_length=20)
    by_name = models.CharField(max_length=200)
    patient = models.CharField(max_length=60, db_index=True)
    route = models.CharField(max_length=80)
    method = models.CharField(max_length=10)
    status = models.PositiveSmallIntegerField()


class ChangeRecord(models.Model):
    """One change of an ordinary row: what it was, what it became, by whom and why."""

    at = models.DateTimeField()
    by_id = models.CharField(max_length=40)
    by_name = models.CharField(max_length=200)
    table = models.CharField(max_length=40)
    row = models.CharField(max_length=80)
    before = models.TextField()
    after = models.TextField()
    reason = models.TextField()


# --- the clinic's own limits --------------------------------------------------------------------------------


class LimitSetting(models.Model):
    """One limit of a rule as the clinic set it: never changed, like the record, and a chain of its own.

    `value` is JSON as a rule file writes the limit; null is back to the shipped limit.
    """

    seq = models.PositiveIntegerField(primary_key=True)
    rule = models.CharField(max_length=20)
    limit = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    value = models.TextField(null=True)
    version = models.PositiveIntegerField()
    from_date = models.DateField()
    reason = models.TextField()
    is_confirmed = models.BooleanField()
    by_id = models.CharField(max_length=40)
    by_name = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="limit_setting_once")]


# --- projections --------------------------------------------------------------------------------------------


class PatientRow(models.Model):
    """A patient in a list."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    given_name = models.CharField(max_length=200)
    family_name = models.CharField(max_length=200, db_index=True)
    birth_date = models.DateField()
    sex = models.CharField(max_length=10)
    record_number = models.CharField(max_length=40, unique=True)
    phone = models.CharField(max_length=60)
    allergies = models.TextField(null=True)


class CourseRow(models.Model):
    """A course in a list."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    patient = models.CharField(max_length=60, db_index=True)
    indication = models.CharField(max_length=60)
    stage = models.CharField(max_length=30, db_index=True)
    received_date = models.DateField()
    infusions_given = models.PositiveIntegerField()
    infusions_planned = models.PositiveIntegerField(null=True)
    open_risks = models.PositiveIntegerField()
    next_due_date = models.DateField(null=True)
    last_assessed_at = models.DateTimeField(null=True)


class VisitRow(models.Model):
    """A visit in a list."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    patient = models.CharField(max_length=60, db_index=True)
    course = models.CharField(max_length=60, db_index=True)
    chair = models.CharField(max_length=40)
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    number = models.PositiveIntegerField()
    phase = models.CharField(max_length=30, db_index=True)
    started_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)


class DeviceSpanRow(models.Model):
    """A time in which a device was on the patient of a visit, or is known not to have been."""

    stream = models.CharField(max_length=60, db_index=True)
    device = models.CharField(max_length=100, db_index=True)
    instrument = models.CharField(max_length=10)
    is_on = models.BooleanField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "device", "from_at"], name="device_span_once")
        ]


class LotRow(models.Model):
    """A lot of a site in a list."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    site = models.CharField(max_length=40, db_index=True)
    drug = models.CharField(max_length=40)
    schedule = models.CharField(max_length=4, null=True)
    product = models.CharField(max_length=60, db_index=True)
    label = models.CharField(max_length=200)
    strength_mcg_per_ml = models.PositiveBigIntegerField()
    vial_mcg = models.PositiveBigIntegerField()
    lot = models.CharField(max_length=60, db_index=True)
    expiry_date = models.DateField()
    recalled_at = models.DateTimeField(null=True)


class BalanceRow(models.Model):
    """What one account holds of one lot, and how much of it is kept for somebody."""

    stream = models.CharField(max_length=60, db_index=True)
    place = models.CharField(max_length=20)
    ref = models.CharField(max_length=80)
    mcg = models.BigIntegerField()
    kept_mcg = models.BigIntegerField()
    opened_at = models.DateTimeField(null=True)
    visit = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "place", "ref"], name="balance_once")]
        indexes = [models.Index(fields=["place", "ref"], name="balance_by_place")]


class KeptRow(models.Model):
    """An amount that is kept for a visit and was neither taken nor given up."""

    entry = models.CharField(primary_key=True, max_length=80)
    stream = models.CharField(max_length=60, db_index=True)
    visit = models.CharField(max_length=60, db_index=True)
    source_place = models.CharField(max_length=20)
    source_ref = models.CharField(max_length=80)
    into_place = models.CharField(max_length=20)
    into_ref = models.CharField(max_length=80)
    mcg = models.PositiveBigIntegerField()


class MovementRow(models.Model):
    """One movement of the drug, as reports ask for it. What is only kept for somebody has not moved."""

    entry = models.CharField(primary_key=True, max_length=80)
    stream = models.CharField(max_length=60, db_index=True)
    seq = models.PositiveIntegerField()
    happened_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField()
    source_place = models.CharField(max_length=20)
    source_ref = models.CharField(max_length=80)
    into_place = models.CharField(max_length=20)
    into_ref = models.CharField(max_length=80)
    mcg = models.PositiveBigIntegerField()
    cause = models.CharField(max_length=20)
    visit = models.CharField(max_length=60, db_index=True)
    by_id = models.CharField(max_length=40, db_index=True)
    by_name = models.CharField(max_length=200)
    witness_id = models.CharField(max_length=40, null=True)
    witness_name = models.CharField(max_length=200)
    alone_because = models.TextField()
    corrects = models.CharField(max_length=80, null=True)
    reason = models.TextField()
    paper = models.TextField(null=True)


class StockroomRow(models.Model):
    """A site's counts in a list: when it was last counted and which day was closed last."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    site = models.CharField(max_length=40, unique=True)
    counted_at = models.DateTimeField(null=True)
    day_closed = models.DateField(null=True)


class CaseRow(models.Model):
    """A difference between ledger and stock in a list."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    site = models.CharField(max_length=40)
    lot = models.CharField(max_length=60, db_index=True)
    place = models.CharField(max_length=20)
    ref = models.CharField(max_length=80)
    visit = models.CharField(max_length=60, null=True)
    difference_mcg = models.BigIntegerField()
    discovered_at = models.DateTimeField()
    owner_id = models.CharField(max_length=40)
    owner_name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20, null=True)
    closed_at = models.DateTimeField(null=True)


class AlertsRow(models.Model):
    """A visit's alerts in a list: how many are open, and until when their sound is quiet."""

    stream = models.CharField(primary_key=True, max_length=60)
    seq = models.PositiveIntegerField()
    visit = models.CharField(max_length=60, unique=True)
    open = models.PositiveIntegerField(db_index=True)
    unanswered = models.PositiveIntegerField()
    sound_paused_until = models.DateTimeField(null=True)


class AlertRow(models.Model):
    """One alert, as reports ask for it."""

    entry = models.CharField(primary_key=True, max_length=80)
    stream = models.CharField(max_length=60, db_index=True)
    visit = models.CharField(max_length=60)
    key = models.CharField(max_length=120)
    rule = models.CharField(max_length=20)
    priority = models.CharField(max_length=10)
    source = models.CharField(max_length=20)
    observed_at = models.DateTimeField()
    raised_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    choice = models.CharField(max_length=20, null=True)
    escalated_at = models.DateTimeField(null=True)


# --- ordinary rows ------------------------------------------------------------------------------------------


class Clinician(AbstractUser):
    """A person who signs in. `role` decides what they may do; `printed_name` is what a signature shows.

    Signing in may happen anywhere, so being on duty is not being on site: that they say themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    role = models.CharField(max_length=20)
    printed_name = models.CharField(max_length=200)
    on_duty_since = models.DateTimeField(null=True)
    on_site_since = models.DateTimeField(null=True)

    REQUIRED_FIELDS = ["role", "printed_name"]


class Site(models.Model):
    """An address at which the clinic holds drug. `registration` is the number of its DEA registration."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=80)
    address = models.TextField()
    registration = models.CharField(max_length=20)


class Chair(models.Model):
    """A place where an infusion runs, and the monitor that stands beside it."""

    id = models.SlugField(primary_key=True, max_length=40)
    name = models.CharField(max_length=60)
    order = models.PositiveSmallIntegerField()
    monitor = models.CharField(max_length=100, null=True, unique=True)
    # Since when it stands there; null from before that was kept: always.
    monitor_since = models.DateTimeField(null=True)
    pump = models.CharField(max_length=100, null=True, unique=True)
    pump_since = models.DateTimeField(null=True)
    site = models.CharField(max_length=40, default=MAIN_SITE)


class ChairSlot(models.Model):
    """A quarter of an hour of one chair, taken by one visit: two visits cannot hold the same one."""

    chair = models.ForeignKey(Chair, on_delete=models.PROTECT)
    starts_at = models.DateTimeField()
    visit = models.CharField(max_length=60, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chair", "starts_at"], name="chair_slot_once")]


class EmptyChairCount(models.Model):
    """How often a monitor was heard on one day beside a chair at which nobody sat, with the first message."""

    sender = models.CharField(max_length=200)
    reason = models.CharField(max_length=60)
    day = models.DateField()
    sentence = models.TextField()
    acknowledgement = models.CharField(max_length=2)
    times = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    raw = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sender", "reason", "day"], name="empty_chair_once_a_day")
        ]


class ClinicSetting(models.Model):
    """One of the clinic's own choices, as JSON."""

    key = models.CharField(primary_key=True, max_length=60)
    value = models.TextField()


class Gateway(models.Model):
    """A machine that sends what monitors measured, known over HTTP by a token of which the hash is kept.

    `monitors` is a JSON list of the devices that it may speak for; an empty one means any.
    """

    id = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=60, unique=True)
    monitors = models.TextField(default="[]")
    token_digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
