import { Failure, isUuid } from '../domain/failure'
import { type GivenWishes, withGivenWishes } from '../domain/wishes'
import type { Store } from '../store/context'
import { unknownDeployments } from '../store/replica-places'
import { affinityPath } from './wish-schemas'

/** To be near a deployment there has to be one; to keep away from a name does no harm before anything has it. */
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
