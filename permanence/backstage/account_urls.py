# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the clients' pages beside Django's admin; included under /backstage/accounts/."""

from django.urls import path

from permanence.backstage import account_views as views

app_name = "accounts"
urlpatterns = [
    path("", views.client_list, name="list"),
    path("<str:client>/", views.client_card, name="card"),
]
