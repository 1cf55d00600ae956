import { suggestedChange } from '@/app/features/deploy-form/suggestions'
import type { Suggestion } from '@/core/placement/types'
import type { DeployForm } from '../deploy-form/form'

/**
 * Applies a suggestion to the update form of an existing deployment. The scheduler was only asked for the missing
 * replicas, so a smaller suggested number reduces the total by the difference.
 */
export function suggestedUpdate(suggestion: Suggestion, form: DeployForm): Partial<DeployForm> | null {
  const { kind, from, to } = suggestion
  if (kind !== 'replicas' || from === null || to === null) return suggestedChange(suggestion, form)
  return { replicas: String(Number(form.replicas) - (from - to)) }
}
