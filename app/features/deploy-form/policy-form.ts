/** The policy in the form: the default, a profile, or custom weights. */
import { policyProfileNames, weightsProblem } from '@/core/placement/types'
import { numberOf } from './form-fields'
import type { PreviewInput } from './inputs'

export const policyChoices = ['default', ...policyProfileNames, 'custom'] as const

export interface PolicyForm {
  choice: (typeof policyChoices)[number]
  resources: string
  load: string
  locality: string
  packing: boolean
}

const weightsOf = ({ resources, load, locality }: Omit<PolicyForm, 'choice'>) => ({
  resources: numberOf(resources),
  load: numberOf(load),
  locality: numberOf(locality),
})

/** What is wrong with custom weights; null for other choices. */
export const policyProblem = (policy: PolicyForm): string | null =>
  policy.choice === 'custom' ? weightsProblem(weightsOf(policy)) : null

/** The policy in the format of the deploy call; absent for the default. */
export function policyInputOf(policy: PolicyForm): Pick<PreviewInput, 'policy'> {
  if (policy.choice === 'default') return {}
  if (policy.choice !== 'custom') return { policy: policy.choice }
  return { policy: { weights: weightsOf(policy), ...(policy.packing && { packing: true }) } }
}

export const emptyPolicy: PolicyForm = {
  choice: 'default',
  resources: '0.4',
  load: '0.3',
  locality: '0.3',
  packing: false,
}
