# GitLab's "artifacts: reports: terraform" from a plan:
#   kardia-ctl show --json --changes-only FILE | jq -f gitlab-report.jq > tfplan.json
[.resource_changes[].change.actions[]]
| {
    create: map(select(. == "create")) | length,
    update: map(select(. == "update")) | length,
    delete: map(select(. == "delete")) | length
  }
