/** Converts existing deployments into form values, for forms that change them. */

import type { AffinityRule, PlacementRulesSpec } from '@/core/placement/preferences'
import { type Policy, type PolicyProfile, policyProfiles } from '@/core/placement/types'
import { emptyPolicy, type PolicyForm } from './policy-form'
import { type AffinityMode, affinityModeNames, affinityModes, type PlacementRuleRows } from './preference-form'

export const isProfile = (name: string): name is PolicyProfile => Object.hasOwn(policyProfiles, name)

/** Null is the default policy. */
export function policyForm(policy: Policy | null): PolicyForm {
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

const modeOf = (rule: AffinityRule): AffinityMode =>
  affinityModeNames.find(
    (name) => affinityModes[name].kind === rule.kind && affinityModes[name].required === rule.required,
  ) ?? 'prefer-other'

export const placementRuleRowsOf = (placementRules: PlacementRulesSpec | null): PlacementRuleRows => ({
  preferences: (placementRules?.preferences ?? []).map(({ key, op, values, weight }) => ({
    key,
    op,
    values: values.join(', '),
    weight: String(weight),
  })),
  spread: (placementRules?.spread ?? []).map(({ across, maxSkew, weight }) => ({
    across,
    maxSkew: maxSkew === null ? '' : String(maxSkew),
    weight: String(weight),
  })),
  affinity: (placementRules?.affinity ?? []).map((rule) => ({
    mode: modeOf(rule),
    on: rule.on,
    deployment: rule.deployment,
    weight: String(rule.weight),
  })),
})
