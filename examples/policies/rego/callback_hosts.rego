# Events about patients go to hosts of this list alone.
package kardia.callback_hosts

import rego.v1

allowed_hosts := {"hooks.example.com"}

deny contains message if {
	some change in input.resource_changes
	change.type in {"kardia_callback", "kardia_qt_callback"}
	url := change.change.after.url
	not allowed(url)
	message := sprintf("%s: %v is not on an allowed host", [change.address, url])
}

allowed(url) if {
	startswith(url, "https://")
	host := split(trim_prefix(url, "https://"), "/")[0]
	host in allowed_hosts
}
