# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of FHIR; included under /fhir/."""

from django.urls import path

from permanence.api.fhir import views

urlpatterns = [
    path("metadata", views.metadata, name="fhir_metadata"),
    path("OperationDefinition/<slug:name>", views.definition, name="fhir_definition"),
    path("$export-practice", views.export, name="fhir_export"),
    path("Appointment/$find", views.find, name="fhir_find"),
    path("Appointment/$hold", views.hold, name="fhir_hold"),
    path("Appointment/$book", views.book, name="fhir_book"),
    path("<slug:kind>", views.search, name="fhir_search"),
    path("<slug:kind>/<str:key>", views.one, name="fhir_one"),
    path("<path:rest>", views.nothing, name="fhir_nothing"),
]
