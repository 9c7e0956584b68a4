# What the connection codes of one plan may cost, in the currency of the templates' prices.
package kardia.cost

import rego.v1

ceiling := 500

prices := [change.change.after.price |
	some change in input.resource_changes
	change.type == "kardia_connection_code"
	"create" in change.change.actions
]

deny contains message if {
	sum(prices) > ceiling
	message := sprintf("the codes cost %v, and %v is the most", [sum(prices), ceiling])
}

deny contains message if {
	input.kardia_ctl.unpriced > 0
	message := sprintf("%d codes have no known price", [input.kardia_ctl.unpriced])
}
