# Logins on a console get no locale otherwise.
[ -n "${LANG:-}" ] || export LANG=C.UTF-8
