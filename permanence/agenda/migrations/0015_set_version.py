from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agenda', '0014_combined_visits'),
    ]

    operations = [
        migrations.AddField(
            model_name='agenda',
            name='set_version',
            field=models.PositiveBigIntegerField(default=1),
        ),
    ]
