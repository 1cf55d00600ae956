/** The policy in the words of the form: the installation's, a ready-made one, or own weights. */
import * as z from 'zod/mini'
import {
  type Policy,
  type PolicyProfile,
  policyProfileNames,
  policyProfiles,
  weightsProblem,
} from '@/server/domain/placement'
import { numberOf, text } from './form-fields'
import type { PreviewInput } from './form-schema'

export const policyChoices = ['default', ...policyProfileNames, 'custom'] as const

export const policyShape = z
  .object({
    choice: z.enum(policyChoices),
    resources: text,
    load: text,
    locality: text,
    packing: z.boolean(),
  })
  .check(
    z.superRefine((policy, context) => {
      if (policy.choice !== 'custom') return
      const message = weightsProblem(weightsOf(policy))
      if (message) context.addIssue({ code: 'custom', path: ['weights'], message })
    }),
  )

type PolicyForm = z.output<typeof policyShape>

const weightsOf = ({ resources, load, locality }: Omit<PolicyForm, 'choice'>) => ({
  resources: numberOf(resources),
  load: numberOf(load),
  locality: numberOf(locality),
})

/** As the deploy call takes it; absent when the installation's is to be used. */
export function policyInputOf(policy: PolicyForm): Pick<PreviewInput, 'policy'> {
  if (policy.choice === 'default') return {}
  if (policy.choice !== 'custom') return { policy: policy.choice }
  return { policy: { weights: weightsOf(policy), ...(policy.packing && { packing: true }) } }
}

export const emptyPolicy: z.input<typeof policyShape> = {
  choice: 'default',
  resources: '0.4',
  load: '0.3',
  locality: '0.3',
  packing: false,
}

export const isProfile = (name: string): name is PolicyProfile => Object.hasOwn(policyProfiles, name)

/** A policy as somebody would have filled it in; null is the installation's. */
export function policyForm(policy: Policy | null): z.input<typeof policyShape> {
  if (policy === null) return emptyPolicy
  const { name, weights, packing } = policy
  return {
    choice: isProfile(name) ? name : 'custom',
    resources: String(weights.resources),
    load: String(weights.load),
    locality: String(weights.locality),
    packing: packing ?? false,
  }
}
