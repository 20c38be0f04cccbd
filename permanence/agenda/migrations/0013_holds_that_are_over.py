from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0012_codes_by_sms'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='slothold',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='agenda_hold_over'),
        ),
    ]
