"""The log on a real database: what is written stays, in order, whoever writes and whoever attacks."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from evenkeel.jobs.verify import verify
from evenkeel.record.chain import check_chain
from evenkeel.record.entry import Author, Draft
from evenkeel.record.infusion import NoteWritten
from evenkeel.record.patients import PatientState
from evenkeel.record.referral import Demographics, PatientRegistered
from evenkeel.record.series import VisitBooked
from evenkeel.record.visits import VisitState
from evenkeel.store import append_only, log, models, projections, reading
from evenkeel.store.durability import UnsafeDatabase, faults, require_durable
from evenkeel.values.ids import ChairId, ClinicianId, IdempotencyKey, StreamId, stream_for

AT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
NURSE = Author(id=ClinicianId("n-1"), role="nurse", printed_name="Nora Nguyen")
PATIENT = stream_for("patient", IdempotencyKey("log-patient"))
VISIT = stream_for("visit", IdempotencyKey("log-visit"))


def note(text: str) -> Draft:
    """A note a minute into the visit."""
    return Draft(payload=NoteWritten(text=text), happened_at=AT + timedelta(minutes=1))


def write(state: VisitState, *texts: str) -> VisitState:
    """Append notes after a state."""
    drafts = [note(text) for text in texts]
    return log.append(state, drafts, by=NURSE, key=IdempotencyKey("k"), recorded_at=AT)


def open_visit() -> VisitState:
    """A booked visit."""
    booked = VisitBooked(
        patient=PATIENT,
        course=stream_for("course", IdempotencyKey("log-course")),
        chair=ChairId("chair-1"),
        starts_at=AT,
        ends_at=AT + timedelta(hours=3),
        number=1,
        purpose="induction",
    )
    empty = log.open_stream(VisitState, VISIT)
    draft = Draft(payload=booked, happened_at=AT)
    return log.append(empty, [draft], by=NURSE, key=IdempotencyKey("k"), recorded_at=AT)


@pytest.mark.django_db
def test_a_state_read_back_is_the_state_that_was_written() -> None:
    written = write(open_visit(), "one", "two")
    reading._kept.clear()
    assert reading.fold(VisitState, VISIT) == written
    assert written.seq == 3


@pytest.mark.django_db
def test_many_states_are_read_as_one_is_and_ask_once_when_nothing_is_new() -> None:
    written = write(open_visit(), "one", "two")
    nowhere = stream_for("visit", IdempotencyKey("nowhere"))
    reading._kept.clear()
    assert reading.folds(VisitState, [nowhere, VISIT]) == {VISIT: written}
    with CaptureQueriesContext(connection) as asked:
        assert reading.folds(VisitState, [VISIT, nowhere]) == {VISIT: written}
    assert len(asked) == 1
    later = write(written, "three")
    assert reading.folds(VisitState, [VISIT])[VISIT] == later


@pytest.mark.django_db
def test_the_row_in_the_lists_is_written_with_the_entry() -> None:
    state = write(open_visit(), "one")
    assert projections.written(state) == projections.rows_of(state)
    _, columns = projections.row_of(state)
    assert columns["phase"] == "booked"


@pytest.mark.django_db
def test_the_later_of_two_writers_is_refused_and_nothing_of_theirs_is_kept() -> None:
    seen_by_both = open_visit()
    first = write(seen_by_both, "first")
    with pytest.raises(log.LostRace):
        write(seen_by_both, "second", "third")
    assert reading.fold(VisitState, VISIT) == first


@pytest.mark.django_db
def test_a_stream_is_opened_once() -> None:
    open_visit()
    with pytest.raises(log.StreamExists):
        log.open_stream(VisitState, VISIT)


@pytest.mark.tampers
@pytest.mark.django_db
@pytest.mark.parametrize("table", append_only.TABLES)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_no_table_of_the_record_can_be_changed(table: str, verb: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_one_row(table))
        key = _primary_key(table)
        statement = f"UPDATE {table} SET {key} = {key}" if verb == "update" else f"DELETE FROM {table}"
        with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
            cursor.execute(statement)
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] == 1


def _primary_key(table: str) -> str:
    named = {"store_entry": "position", "store_submission": "key", "store_limitsetting": "seq"}
    named["store_thinnedvisit"] = "visit"
    return named.get(table, "id")


def _one_row(table: str) -> str:
    """Insert one row with every column filled, so that row triggers have something to guard."""
    model = next(
        model
        for model in vars(models).values()
        if getattr(model, "_meta", None) and model._meta.db_table == table
    )
    if table == "store_entry":
        models.Stream.objects.create(pk="visit:x", kind="visit", seq=1, head_hash="x")
    if table in ("store_monitorsample", "store_quarantinedmessage", "store_quarantinereplay"):
        with connection.cursor() as cursor:
            cursor.execute(_one_row("store_devicemessage"))
    columns = list(model._meta.concrete_fields)
    values = {
        "AutoField": "1",
        "BigAutoField": "1",
        "BigIntegerField": "1",
        "PositiveIntegerField": "1",
        "PositiveSmallIntegerField": "1",
        "DecimalField": "1",
        "ForeignKey": "'visit:x'" if table == "store_entry" else "1",
        "BooleanField": "true",
        "DateField": "'2026-11-20'",
        "DateTimeField": "'2026-11-20 14:00:00+00:00'",
        "BinaryField": "''",
    }
    names = ", ".join(f'"{field.column}"' for field in columns)
    row = ", ".join(values.get(field.get_internal_type(), "'x'") for field in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({row})"


@pytest.mark.django_db
def test_replacing_a_row_on_sqlite_is_refused_too() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's own")
    open_visit()
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match=append_only.SENTENCE):
        cursor.execute("INSERT OR REPLACE INTO store_entry SELECT * FROM store_entry")


@pytest.mark.django_db(transaction=True)
def test_truncating_on_postgresql_is_refused_too() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("TRUNCATE is PostgreSQL's own")
    open_visit()
    with connection.cursor() as cursor, pytest.raises(DatabaseError, match=append_only.SENTENCE):
        cursor.execute("TRUNCATE store_entry CASCADE")


@pytest.mark.django_db
def test_the_orm_has_no_way_around_the_triggers() -> None:
    open_visit()
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        models.Entry.objects.update(payload="{}")
    with pytest.raises(DatabaseError, match=append_only.SENTENCE), transaction.atomic():
        models.Entry.objects.all().delete()


@pytest.mark.tampers
@pytest.mark.django_db
@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"payload": '{"text":"forged"}'}, "entry 3 is not what was written"),
        ({"payload": "{"}, "entry 3 cannot be read"),
        ({"by_name": "Somebody Else"}, "entry 3 is not what was written"),
        ({"happened_at": AT}, "entry 3 is not what was written"),
        ({"previous_hash": "0" * 64}, "entry 3 does not follow"),
    ],
)
def test_verify_names_the_entry_that_was_tampered_with(change: dict[str, object], said: str) -> None:
    write(open_visit(), "one", "two", "three")
    models.Entry.objects.filter(stream_id=VISIT, seq=3).update(**change)
    found = verify()
    assert not found.holds
    assert [(tampering.stream, tampering.seq) for tampering in found.tamperings] == [(VISIT, 3)]
    assert found.tamperings[0].sentence.startswith(said)


@pytest.mark.tampers
@pytest.mark.django_db
@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("seq", [2, 4])
def test_verify_names_the_place_of_an_entry_that_was_taken_away(seq: int) -> None:
    write(open_visit(), "one", "two", "three")
    models.Entry.objects.filter(stream_id=VISIT, seq=seq).delete()
    assert [tampering.seq for tampering in verify().tamperings] == [seq]


@pytest.mark.tampers
@pytest.mark.django_db
def test_verify_names_a_row_in_the_lists_that_is_not_what_the_record_says() -> None:
    open_visit()
    models.VisitRow.objects.update(phase="discharged")
    found = verify()
    assert found.stale_rows == (VISIT,)
    assert not found.holds


@pytest.mark.django_db
def test_verify_is_content_with_what_was_written() -> None:
    write(open_visit(), "one")
    found = verify()
    assert found.holds
    assert (found.streams, found.entries) == (1, 2)


WRITERS = 6
NOTES_EACH = 5


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_never_interleave_wrongly() -> None:
    open_visit()
    failures: list[BaseException] = []

    def keep_writing(who: int) -> None:
        try:
            for turn in range(NOTES_EACH):
                with transaction.atomic():
                    write(log.fold_for_update(VisitState, VISIT), f"{who}-{turn}-a", f"{who}-{turn}-b")
        except BaseException as failure:  # a thread's failure would otherwise be lost
            failures.append(failure)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=keep_writing, args=(who,)) for who in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    head = reading.head(VISIT)
    assert head is not None
    entries = reading.entries(VISIT)
    assert check_chain(VISIT, entries, head.seq, head.hash) is None
    texts = [entry.payload.text for entry in entries if isinstance(entry.payload, NoteWritten)]
    assert len(texts) == WRITERS * NOTES_EACH * 2
    # The two notes of one append stand side by side: nobody wrote between them.
    assert all(first[:-1] == second[:-1] for first, second in zip(texts[::2], texts[1::2], strict=True))
    for who in range(WRITERS):
        own = [text for text in texts if text.startswith(f"{who}-")]
        assert own == [f"{who}-{turn}-{half}" for turn in range(NOTES_EACH) for half in "ab"]


@pytest.mark.django_db
def test_the_database_of_a_clinic_loses_nothing_it_acknowledged() -> None:
    assert faults() == []
    require_durable()


@pytest.mark.django_db(transaction=True)
def test_a_database_that_may_lose_writes_is_refused_with_a_sentence() -> None:
    weaken = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit TO off"}
    with connection.cursor() as cursor:
        cursor.execute(weaken[connection.vendor])
    try:
        with pytest.raises(UnsafeDatabase, match=r"can lose a saved entry; set"):
            require_durable()
    finally:
        connection.close()


@pytest.mark.django_db
def test_a_patients_row_says_no_allergies_only_when_somebody_asked() -> None:
    details = Demographics(
        given_name="Ana",
        family_name="Alvarez",
        birth_date=AT.date(),
        sex="female",
        record_number="R-1",
        phone="555",
    )
    empty = log.open_stream(PatientState, StreamId(PATIENT))
    draft = Draft(payload=PatientRegistered(demographics=details), happened_at=AT)
    state = log.append(empty, [draft], by=NURSE, key=IdempotencyKey("k"), recorded_at=AT)
    _, columns = projections.row_of(state)
    assert columns["allergies"] is None
