# One plan may disconnect or delete this many patients. More of them need an approval of exactly this plan: its
# digest in the data, as {"approved_digests": ["d1:…"]}.
package kardia.departures

import rego.v1

limit := 1

leaving contains change.address if {
	some change in input.resource_changes
	change.type == "kardia_patient"
	"delete" in change.change.actions
}

approved if input.kardia_ctl.digest in data.approved_digests

deny contains message if {
	count(leaving) > limit
	not approved
	message := sprintf("%d patients leave, and %d may without an approval of this plan", [count(leaving), limit])
}
