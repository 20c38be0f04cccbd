from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0012_codes_by_sms'),
    ]

    operations = [
        migrations.AddField(
            model_name='agenda',
            name='set_version',
            field=models.PositiveBigIntegerField(default=1),
        ),
    ]
