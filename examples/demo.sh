#!/bin/sh
# What `make demo` shows: plan, apply, and a second plan that has nothing to do.
set -eu

say() { printf '\n$ kardia-ctl %s\n\n' "$*"; }

say plan "$CLINIC" --sandbox --show-phi
kardia-ctl plan "$CLINIC" --sandbox --show-phi

say apply "$CLINIC" --sandbox --auto-approve --show-phi
kardia-ctl apply "$CLINIC" --sandbox --auto-approve --show-phi

say plan "$CLINIC" --sandbox --detailed-exitcode
kardia-ctl plan "$CLINIC" --sandbox --detailed-exitcode
