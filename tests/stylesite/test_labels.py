"""In Korean the admin names tables and columns in Korean, and that is no business of a migration's."""

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.utils import translation

OURS = ("tfapp", "trainer")
SAME_IN_ALL = {"ID", "SHA-256"}


def registered():
    found = [site_admin for model, site_admin in admin.site._registry.items() if model._meta.app_label in OURS]
    return [model for each in found for model in (each.model, *(inline.model for inline in each.inlines))]


@pytest.mark.parametrize("model", registered(), ids=lambda model: model._meta.label)
def test_tables_and_columns_have_names_in_korean(model):
    with translation.override("ko"):
        names = {str(model._meta.verbose_name), str(model._meta.verbose_name_plural)}
        names |= {str(field.verbose_name) for field in model._meta.get_fields() if field.concrete}
        names.add(str(model._meta.app_config.verbose_name))

    assert {name for name in names if name.isascii()} <= SAME_IN_ALL


@pytest.mark.django_db
def test_names_need_no_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
