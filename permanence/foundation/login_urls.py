# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of signing in and out and of the choices of language and appearance; included at the root of the site."""

from django.urls import path

from permanence.foundation import joining, login

urlpatterns = [
    path("", login.home, name="home"),
    path("login", login.sign_in, name="login"),
    path("logout", login.sign_out, name="logout"),
    path("invitation/<str:token>", joining.join, name="invitation"),
    path("language", login.choose_language, name="language"),
    path("theme", login.choose_theme, name="theme"),
]
