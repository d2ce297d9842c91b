"""URLs of accounts. Each has a row in the table of expectations in tests/accounts/test_access.py."""

from __future__ import annotations

from django.urls import URLPattern, path

from accounts.views import (
    answering,
    audit,
    brand_accounts,
    charters,
    connecting,
    departments,
    first_administrator,
    password_reset,
    people,
    roster,
    sunsets,
    working,
)

app_name = "accounts"
urlpatterns: list[URLPattern] = [
    # These must precede django-allauth's own URLs.
    path("auth/password/reset/", password_reset.forgotten_password, name="forgotten_password"),
    path("auth/first/<str:token>/", first_administrator.first_administrator, name="first_administrator"),
    path("auth/email/", password_reset.own_addresses, name="own_addresses"),
    path("brand-accounts/", brand_accounts.brand_account_list, name="brand_accounts"),
    path("brand-accounts/<int:pk>/", brand_accounts.brand_account_edit, name="brand_account_edit"),
    path("brand-accounts/<int:pk>/charter/", charters.charter, name="charter"),
    path("brand-accounts/<int:pk>/sunset/", sunsets.sunset, name="sunset"),
    path("brand-accounts/<int:pk>/check/", brand_accounts.brand_account_check, name="brand_account_check"),
    path(
        "brand-accounts/<int:pk>/people/",
        answering.brand_account_answerers,
        name="brand_account_answerers",
    ),
    path(
        "brand-accounts/<int:pk>/disconnect/",
        brand_accounts.brand_account_disconnect,
        name="brand_account_disconnect",
    ),
    path("brand-accounts/<int:pk>/streams/<slug:kind>/", brand_accounts.switch_stream, name="stream_switch"),
    path("brand-accounts/<int:pk>/streams/<slug:kind>/gap/", brand_accounts.settle_gap, name="gap_settle"),
    path("brand-accounts/connect/<slug:network>/", connecting.connect_start, name="connect_start"),
    path(
        "brand-accounts/connect/<slug:network>/callback/",
        connecting.connect_callback,
        name="connect_callback",
    ),
    path("brand-accounts/connect/confirm/<int:pk>/", connecting.connect_confirm, name="connect_confirm"),
    path("people/", people.user_list, name="people"),
    path("people/new/", people.user_new, name="user_new"),
    path("people/<int:pk>/", people.user_edit, name="user_edit"),
    path("people/<int:pk>/active/", people.switch_user_active, name="user_active"),
    path("people/<int:pk>/leaving/", people.user_leaving, name="user_leaving"),
    path("people/<int:pk>/password-link/", people.user_password_link, name="user_password_link"),
    path("people/<int:pk>/sign-out/", people.user_sign_out, name="user_sign_out"),
    path("people/<int:pk>/working/", working.user_work, name="user_work"),
    path("people/<int:pk>/leave/", working.leave_add, name="leave_add"),
    path("people/leave/<int:pk>/remove/", working.leave_remove, name="leave_remove"),
    path("audit/", audit.audit_log, name="audit_log"),
    path("audit/export/", audit.audit_csv, name="audit_csv"),
    path("roster/", roster.roster_overview, name="roster"),
    path("roster/<int:pk>/", roster.roster_week, name="roster_week"),
    path("roster/<int:pk>/add/", roster.shift_add, name="shift_add"),
    path("roster/<int:pk>/hours/", roster.roster_hours, name="roster_hours"),
    path("roster/<int:pk>/copy/", roster.roster_copy, name="roster_copy"),
    path("roster/<int:pk>/swap/", roster.roster_swap, name="roster_swap"),
    path("roster/<int:pk>/restore/", roster.shift_restore, name="shift_restore"),
    path("roster/shift/<int:pk>/", roster.shift_edit, name="shift_edit"),
    path("roster/shift/<int:pk>/remove/", roster.shift_remove, name="shift_remove"),
    path("departments/", departments.department_list, name="departments"),
    path("departments/<int:pk>/", departments.department_edit, name="department_edit"),
    path("departments/<int:pk>/open/", departments.switch_department_open, name="department_open"),
    path("departments/<int:pk>/assignment/", departments.department_assignment, name="department_assignment"),
]
