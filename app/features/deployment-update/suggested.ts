import type { DeployForm } from '@/app/features/deploy-form/form-schema'
import { suggestedChange } from '@/app/features/deploy-form/suggestions'
import type { Suggestion } from '@/core/placement/types'

/**
 * The fields of the form that a suggestion changes for a deployment that there is. The scheduler was asked for what is missing
 * of it, so that a smaller number of replicas is meant as that many fewer.
 */
export function suggestedUpdate(suggestion: Suggestion, form: DeployForm): Partial<DeployForm> | null {
  const { kind, from, to } = suggestion
  if (kind !== 'replicas' || from === null || to === null) return suggestedChange(suggestion, form)
  return { replicas: String(Number(form.replicas) - (from - to)) }
}
