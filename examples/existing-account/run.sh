#!/bin/sh
# From a live account to a repository: how a clinic whose patients are in Kardia already begins.
#
#   sh examples/existing-account/run.sh [DIRECTORY]
#
# Needs kardia-ctl (with the extra age), its Python as python3, and git on the PATH. The account is the sandbox's, on
# loopback; its patients are invented. DIRECTORY is made, and holds the repository afterwards.
set -eu

here=${1:-existing-account}
mkdir "$here"
cd "$here"
private=$(mktemp -d)  # what belongs into no repository

unset CI  # this is a person's own machine: the state stays in it
export NO_COLOR=1 GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=Nurse GIT_AUTHOR_EMAIL=nurse@example.com
export GIT_COMMITTER_NAME=Nurse GIT_COMMITTER_EMAIL=nurse@example.com

step() { printf '\n== %s\n' "$*"; }
run() { printf '\n$ %s\n' "$*"; "$@"; }
brief() {  # the end of what a command says
  printf '\n$ %s\n' "$*"
  ended=0
  "$@" >"$private/said" 2>&1 || ended=$?
  if [ $ended -ne 0 ]; then cat "$private/said"; exit $ended; fi
  sed '/^Warning: /d' "$private/said" | awk -v RS= 'BEGIN { ORS = "" } { last = $0 } END { print last "\n" }'
}
commit() { git add -A && git commit -qm "$*"; }
portal() { kardia-ctl sandbox edit "$@" >/dev/null; }  # what somebody does in the vendor's application

# --- an account with a history: 2,000 patients, odd mrns, and one patient who was entered twice
: >"$private/server"
kardia-ctl sandbox serve --port 0 --patients 2000 --quirk delete_delay=0 >"$private/server" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; rm -rf "$private"' EXIT
until grep -q '^http' "$private/server"; do
  kill -0 $server 2>/dev/null || { cat "$private/server" >&2; exit 1; }
  sleep 0.1
done
KARDIA_ENDPOINT=$(head -n 1 "$private/server")
export KARDIA_ENDPOINT KARDIA_API_KEY=sandbox-key

enter() {
  kardia-ctl api POST /v1/patients --auto-approve -f "mrn=$1" -f "dob=$2" -f "email=$3" -f "firstname=$4" -f "lastname=$5"
}
for mrn in -0042 0012345 1e5 123e4567; do
  enter "$mrn" 1950-03-09 odd@example.com Wanda "Sample $mrn" >/dev/null
done
enter TW-7 1961-04-12 edda@example.com Edda Sample >/dev/null
second=$(enter TW-7 1961-04-12 edda@example.com Edda Sample | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')

step "1. What is live becomes files. The codes of this account are all of one template."
git init -q .
run kardia-ctl init .
run kardia-ctl import . --format csv --cohort everybody --codes kardiamobile-1-year-connection-120
commit "Import what is live"

step "2. The plan adopts everybody and sends nothing. Apply records it. Of what template the codes are, Kardia does not say."
brief kardia-ctl plan .
brief kardia-ctl apply . --auto-approve
brief kardia-ctl plan .

step "3. A decision, in git, brings all their codes under control."
until=$(python3 -c 'import datetime; print(datetime.date.today() + datetime.timedelta(days=30))')
cat >decisions.yaml <<END
decisions:
  - address: connection_code/*/kardiamobile-1-year-connection-120
    cohort: everybody
    decision: issued
    reason: all our patients have this plan
    until: $until
END
sed 's|^include:$|include:\n  - "decisions.yaml"|' kardia.yaml >kardia.new && mv kardia.new kardia.yaml
brief kardia-ctl apply . --auto-approve
brief kardia-ctl plan . --detailed-exitcode
commit "Take the codes of everybody as they are"
rm decisions.yaml
grep -v decisions.yaml kardia.yaml >kardia.new && mv kardia.new kardia.yaml
commit "Remove the decision: it has done its work"

step "4. Somebody corrects a name in Kardia. It is drift, until a person accepts it."
portal --mrn SB-0000007 --lastname Corrected
run kardia-ctl plan .
run kardia-ctl import . --update --accept patient/SB-0000007
run git diff --stat
run git diff --word-diff=porcelain --unified=0
commit "Accept the corrected name"

step "5. One of two: the second entry of a patient leaves, the first stays."
cat >patients-twins.yaml <<END
patients:
  - {mrn: TW-7, dob: 1961-04-12, email: edda@example.com, firstname: Edda, lastname: Sample}
departures:
  - {mrn: TW-7, id: $second, action: delete, code: duplicate, reason: entered twice}
END
sed 's|^include:$|include:\n  - "patients-twins.yaml"|' kardia.yaml >kardia.new && mv kardia.new kardia.yaml
run kardia-ctl apply . --auto-approve
brief kardia-ctl plan . --detailed-exitcode
commit "Remove the second entry of a patient"

step "6. A corrected mrn keeps its code."
portal --mrn SB-0000003 --new-mrn SB-3000000
sed 's|^SB-0000003,|SB-3000000,|' cohorts/everybody.csv >cohorts/new && mv cohorts/new cohorts/everybody.csv
printf 'moved:\n  - {from: patient/SB-0000003, to: patient/SB-3000000}\n' >>kardia.yaml
run kardia-ctl plan .
brief kardia-ctl apply . --auto-approve
brief kardia-ctl plan .
commit "Correct an mrn"

step "7. The whole repository is encrypted, and the plan is the same."
python3 -c 'import pyrage; one = pyrage.x25519.Identity.generate(); print(one); print(one.to_public())' >"$private/key"
recipient=$(tail -n 1 "$private/key")
KARDIA_AGE_IDENTITY=$(head -n 1 "$private/key")
export KARDIA_AGE_IDENTITY
kardia-ctl plan . >"$private/before"
printf 'recipients: ["%s"]\n' "$recipient" >>kardia.yaml
run kardia-ctl encrypt --remove cohorts/everybody.csv cohorts/everybody.yaml patients-twins.yaml 2>/dev/null
sed -e 's|everybody\.csv"|everybody.csv.age"|' -e 's|\.yaml"$|.yaml.age"|' kardia.yaml >kardia.new && mv kardia.new kardia.yaml
kardia-ctl plan . >"$private/after"
sed 's/\.age\([: ]\)/\1/' "$private/after" | diff -b "$private/before" -
commit "Encrypt the patients"
brief kardia-ctl plan . --detailed-exitcode

printf '\nEverybody is declared, nothing was ordered, and nobody was entered twice. The files are encrypted from now on; what was\n'
printf 'committed before stays in the history of git. Declare recipients: before the import, and no plain text ever gets there.\n'
