/** The policy in the form: the default, a profile, or custom weights. */
import * as v from 'valibot'
import { policyProfileNames, weightsProblem } from '@/core/placement/types'
import { checked, numberOf, text } from './form-fields'
import type { PreviewInput } from './inputs'

export const policyChoices = ['default', ...policyProfileNames, 'custom'] as const

const policyFields = v.object({
  choice: v.picklist(policyChoices),
  resources: text,
  load: text,
  locality: text,
  packing: v.boolean(),
})
export type PolicyForm = v.InferOutput<typeof policyFields>

export const policyShape = v.pipe(
  policyFields,
  checked((policy: PolicyForm, problem) => {
    if (policy.choice !== 'custom') return
    const message = weightsProblem(weightsOf(policy))
    if (message) problem(['weights'], message)
  }),
)

const weightsOf = ({ resources, load, locality }: Omit<PolicyForm, 'choice'>) => ({
  resources: numberOf(resources),
  load: numberOf(load),
  locality: numberOf(locality),
})

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
