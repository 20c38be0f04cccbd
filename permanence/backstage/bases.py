# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's classes under one name for the type checker, which wants their parameter, and for Python, which has none."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, TabularInline
from django.forms import BaseInlineFormSet, ModelForm

if TYPE_CHECKING:
    AnyForm = ModelForm[Any]
    AnyAdmin = ModelAdmin[Any]
    AnyInline = TabularInline[Any, Any]
    AnyInlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    AnyForm, AnyAdmin, AnyInline, AnyInlineFormSet = ModelForm, ModelAdmin, TabularInline, BaseInlineFormSet
