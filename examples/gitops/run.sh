#!/bin/sh
# A clinic that keeps its Kardia account in git: changes are proposed, approved and applied, and Kardia drifts.
#
#   sh examples/gitops/run.sh [DIRECTORY]
#
# Needs kardia-ctl and git on the PATH. The account is the sandbox's, on loopback; its patients are invented. ada and bea
# propose changes, and a pipeline runs the commands that kardia-ctl init --github writes into workflows. DIRECTORY is made,
# and holds their repository afterwards.
set -eu

here=${1:-gitops}
mkdir "$here"
cd "$here"
private=$(mktemp -d)  # what belongs into no repository

unset CI GITHUB_ACTIONS GITHUB_EVENT_PATH  # the pipeline sets what it has itself
export NO_COLOR=1 GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1

step() { printf '\n== %s\n' "$*"; }
say() { printf '%s\n' "$*"; }
show() { printf '\n$ %s\n' "$*"; "$@"; }
as() { export GIT_AUTHOR_NAME="$1" GIT_AUTHOR_EMAIL="$1@example.com" GIT_COMMITTER_NAME="$1" GIT_COMMITTER_EMAIL="$1@example.com"; }
branch() { git checkout -q -b "$1" main; }
commit() { git add -A && git commit -qm "$*"; }
merge() { git checkout -q main && git merge -q --no-ff -m "Merge $1" "$1" && git branch -qd "$1"; }
digest_of() { sed -n 's/^KARDIA_CI_DIGEST=//p' "$1/kardia-ci.env"; }
pipeline() { CI=true "$@"; }  # a job: no terminal, the secrets of the repository, and nothing else

propose() {  # what the review workflow does with a pull request: the page is its comment
  pipeline kardia-ctl ci . --out "$private/$1" >"$private/log" 2>&1 || { cat "$private/log"; exit 1; }
  printf '\n--- the comment on the pull request "%s" (its first lines)\n' "$1"
  sed -n '/^###/,$p' "$private/$1/page.md" | head -n "${2:-8}"
}
apply() {  # what the apply workflow does after a merge, with the digest of the page
  ended=0
  pipeline kardia-ctl ci . --out "$private/applied" --apply --expect-digest "$@" >"$private/log" 2>&1 || ended=$?
  grep -E '^(Apply complete|Apply incomplete|Error: )' "$private/log" | fold -s -w 118
  return $ended
}

# --- an account in which two patients were enrolled by hand
: >"$private/server"
kardia-ctl sandbox serve --port 0 --patients 0 --quirk delete_delay=0 >"$private/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$private"' EXIT
until grep -q '^http' "$private/server"; do
  kill -0 $server 2>/dev/null || { cat "$private/server" >&2; exit 1; }
  sleep 0.1
done
KARDIA_ENDPOINT=$(head -n 1 "$private/server")
export KARDIA_ENDPOINT KARDIA_API_KEY=sandbox-key
# One key for all desks and jobs: of pseudonyms and digests, and of what state knows of values.
export KARDIA_REVIEW_KEY=the-review-key-of-this-story KARDIA_STATE_KEY=the-state-key-of-this-story
portal() { kardia-ctl sandbox edit "$@" >/dev/null; }  # what somebody does in the vendor's application
enroll() { kardia-ctl api POST /v1/patients --auto-approve -f "mrn=$1" -f "dob=$2" -f "email=$3" -f "firstname=$4" -f "lastname=$5" >/dev/null; }
enroll OL-1 1958-03-14 ottoline@example.com Ottoline Fernquist
enroll OL-2 1971-11-02 barnabo@example.com Barnabo Tillwick

step "1. ada starts a repository. What is in Kardia already becomes files, and nothing changes there."
as ada
git init -q -b main .
kardia-ctl init . --github >/dev/null 2>&1
printf 'state: sqlite:///.kardia/state.db\ntwo_person: [delete, disconnect, callback]\n' >>kardia.yaml
kardia-ctl import . >/dev/null 2>&1
sed 's|"patients/imported.yaml"|"patients/*.yaml"|' kardia.yaml >"$private/new" && cp "$private/new" kardia.yaml
commit "Start with what is in Kardia"
show git ls-files
propose start 5
apply "$(digest_of "$private/start")"

step "2. ada proposes a patient. The page says whom it touches, by pseudonym, and what cannot be undone."
branch enroll-sunniva
cat >patients/sunniva.yaml <<END
patients:
  - {mrn: CL-1063, dob: 1990-06-30, email: sunniva@example.com, firstname: Sunniva, lastname: Quellmar}
END
commit "Enroll Sunniva"
propose enroll-sunniva 14
say "
The same from a fork, which has no secrets and does not look at Kardia:"
(unset KARDIA_API_KEY KARDIA_STATE_KEY KARDIA_REVIEW_KEY; show kardia-ctl diff main HEAD 2>/dev/null | head -n 9)

step "3. bea reads that page and approves, ada merges. What is applied is the digest that bea read."
merge enroll-sunniva
apply "$(digest_of "$private/enroll-sunniva")"

step "4. ada and bea enroll the same person, each in a file of their own. Both pages are right when they are made."
branch enroll-leander
cat >patients/leander.yaml <<END
patients:
  - {mrn: CL-1070, dob: 1983-02-11, email: leander@example.com, firstname: Leander, lastname: Voss}
END
commit "Enroll Leander"
propose enroll-leander 1
as bea
branch enroll-voss
cat >patients/voss.yaml <<END
patients:
  - {mrn: CL-1071, dob: 1983-02-11, email: leander@example.com, firstname: Leander, lastname: Voss}
END
commit "Enroll Mr Voss"
propose enroll-voss 1
say "
ada's is merged first, and applied. bea's is merged second, and git sees no conflict:"
as ada
merge enroll-leander
apply "$(digest_of "$private/enroll-leander")"
as bea
merge enroll-voss
if apply "$(digest_of "$private/enroll-voss")"; then exit 1; fi
say "
What the plan says now:"
kardia-ctl plan . 2>/dev/null | sed -n '/is blocked/,/^$/p'
say "Nobody was entered twice. bea takes her file back:"
git revert --no-edit -m 1 HEAD >/dev/null
show git log -1 --format=%s

step "5. Somebody corrects a name in Kardia. The job of the night finds it, and keeps an issue open."
portal --mrn CL-1063 --lastname Quellmar-Lind
pipeline kardia-ctl ci . --out "$private/night" --drift >"$private/log" 2>&1
say "
--- the issue (the first lines of its page)"
sed -n '/^###/,$p' "$private/night/page.md" | head -n 8
say "
ada accepts it, at her own desk, with the patch that kardia-ctl writes:"
as ada
branch accept-drift
show kardia-ctl import . --update --accept patient/CL-1063 --patch drift.patch 2>/dev/null
git apply drift.patch && rm drift.patch
show git diff --stat
commit "Accept a corrected name"
propose accept-drift 1
merge accept-drift

step "6. A patient withdraws consent. kardia.yaml wants two people for that, and the reason stays out of every page."
branch departure
cat >patients/departures.yaml <<END
departures:
  - {mrn: OL-2, action: delete, code: withdrew-consent, reason: letter of the second of March}
END
sed '/"OL-2"/,$d' patients/imported.yaml >"$private/new" && cp "$private/new" patients/imported.yaml
commit "OL-2 leaves"
propose departure 22
merge departure
say "
ada alone:"
printf '{"author": "ada", "approved_by": []}' >"$private/approvals.json"
if apply "$(digest_of "$private/departure")" --approvals "$private/approvals.json"; then exit 1; fi
say "
After bea has approved the pull request:"
printf '{"author": "ada", "approved_by": ["bea"]}' >"$private/approvals.json"
apply "$(digest_of "$private/departure")" --approvals "$private/approvals.json"

step "7. What is declared is what is live, and the log says who did what."
show kardia-ctl plan . --detailed-exitcode
show kardia-ctl audit verify
show git log --oneline --format='%an: %s' --no-merges

printf '\nEvery change was proposed, read as a page without a name in it, approved by its digest, and applied as it was read.\n'
