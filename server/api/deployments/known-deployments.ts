import { Failure, isUuid } from '@/core/contract/failure'
import { affinityPath } from '@/core/contract/placement-rules'
import { type GivenPlacementRules, withGivenPlacementRules } from '@/core/placement/preferences'
import type { Store } from '@/server/db/client'
import { unknownDeployments } from '@/server/store/scheduling/placed-replicas'

/** An affinity needs an existing deployment; an anti-affinity may name one that does not exist yet. */
export async function requireKnownDeployments(store: Store, given: GivenPlacementRules): Promise<void> {
  const placementRules = withGivenPlacementRules(null, given)
  if (placementRules === null) return
  const rules = placementRules.affinity.filter(({ kind, deployment }) => kind === 'affinity' || isUuid(deployment))
  const unknown = await unknownDeployments(
    store,
    rules.map((rule) => rule.deployment),
  )
  const fields = rules
    .filter((rule) => unknown.includes(rule.deployment))
    .map((rule) => ({
      path: `${affinityPath(placementRules, rule)}.deployment`,
      message: `There is no deployment ${rule.deployment}`,
    }))
  if (fields.length > 0) throw new Failure('bad-input', fields[0]?.message ?? '', { fields })
}
