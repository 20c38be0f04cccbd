from django.db import migrations, models

KINDS = ['code', 'reminder', 'late', 'offer', 'cancelled', 'booked', 'over', 'move', 'confirmed', 'declined', 'unclear']


class Migration(migrations.Migration):

    dependencies = [
        ('dispatch', '0010_another_moment'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='sms',
            name='dispatch_sms_kind',
        ),
        migrations.AlterField(
            model_name='sms',
            name='kind',
            field=models.CharField(choices=[(each, each) for each in KINDS], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='sms',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', KINDS)), name='dispatch_sms_kind'),
        ),
    ]
