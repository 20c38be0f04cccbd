# SPDX-License-Identifier: AGPL-3.0-or-later
"""Django's classes under one name for the type checker, which wants their parameter, and for Python, which has none."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, TabularInline
from django.forms import BaseInlineFormSet, ModelForm
from django.forms.models import ModelChoiceIterator

if TYPE_CHECKING:
    AnyForm = ModelForm[Any]
    AnyAdmin = ModelAdmin[Any]
    AnyInline = TabularInline[Any, Any]
    AnyInlineFormSet = BaseInlineFormSet[Any, Any, Any]
    AnyChoices = ModelChoiceIterator[Any]
else:
    AnyForm, AnyAdmin, AnyInline, AnyInlineFormSet = ModelForm, ModelAdmin, TabularInline, BaseInlineFormSet
    AnyChoices = ModelChoiceIterator
