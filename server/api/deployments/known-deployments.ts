import { Failure, isUuid } from '@/core/contract/failure'
import { type GivenWishes, withGivenWishes } from '@/core/placement/preferences'
import { affinityPath } from '@/server/api/inputs/preference-schemas'
import type { Store } from '@/server/db/client'
import { unknownDeployments } from '@/server/store/scheduling/placed-replicas'

/** An affinity needs an existing deployment; an anti-affinity may name one that does not exist yet. */
export async function requireKnownDeployments(store: Store, given: GivenWishes): Promise<void> {
  const wishes = withGivenWishes(null, given)
  if (wishes === null) return
  const rules = wishes.affinity.filter(({ kind, deployment }) => kind === 'affinity' || isUuid(deployment))
  const unknown = await unknownDeployments(
    store,
    rules.map((rule) => rule.deployment),
  )
  const fields = rules
    .filter((rule) => unknown.includes(rule.deployment))
    .map((rule) => ({
      path: `${affinityPath(wishes, rule)}.deployment`,
      message: `There is no deployment ${rule.deployment}`,
    }))
  if (fields.length > 0) throw new Failure('bad-input', fields[0]?.message ?? '', { fields })
}
