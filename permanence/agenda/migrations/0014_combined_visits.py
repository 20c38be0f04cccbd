from django.db import migrations, models
from django.db.models import deletion


def other_agenda(**more):
    return models.ForeignKey(
        null=True, on_delete=deletion.PROTECT, related_name="+", to="agenda.agenda", **more
    )


def two_agendas(name):
    condition = models.Q(("also__isnull", True), models.Q(("also", models.F("agenda")), _negated=True), _connector="OR")
    return models.CheckConstraint(condition=condition, name=name)


def in_the_other(name):
    return models.Index(condition=models.Q(("also__isnull", False)), fields=["also", "starts_at"], name=name)


class Migration(migrations.Migration):
    dependencies = [("agenda", "0013_holds_that_are_over")]

    operations = [
        migrations.AddField("agenda", "is_shared", models.BooleanField(default=False)),
        migrations.AddField("visitreason", "also", other_agenda(blank=True)),
        migrations.AddField("slothold", "also", other_agenda(db_index=False)),
        migrations.AddField("appointment", "also", other_agenda(db_index=False)),
        migrations.AddConstraint("slothold", two_agendas("agenda_hold_two")),
        migrations.AddConstraint("appointment", two_agendas("agenda_appointment_two")),
        migrations.AddIndex("slothold", in_the_other("agenda_hold_also")),
        migrations.AddIndex("appointment", in_the_other("agenda_appointment_also")),
    ]
