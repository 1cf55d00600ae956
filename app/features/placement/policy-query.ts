/** Converts policies to and from addresses and sliders. Pure; weights are whole percents that add up to 100. */
import type { Policy, PolicyProfile } from '@/core/placement/types'
import { policyProfileNames, policyProfiles } from '@/core/placement/types'

export const weightNames = ['resources', 'load', 'locality'] as const
export type WeightName = (typeof weightNames)[number]
export type Percents = Record<WeightName, number>

/** A policy in the API's format: the name of a profile, or custom weights. */
export type PolicyInput = PolicyProfile | { weights: Policy['weights']; packing?: boolean }

/** Rounds to whole percents that add up to 100; the largest remainders are rounded up. */
export function percentsOf(weights: Policy['weights']): Percents {
  const exact = weightNames.map((name) => ({ name, value: 100 * weights[name] }))
  const percents = Object.fromEntries(exact.map(({ name, value }) => [name, Math.floor(value + 1e-9)])) as Percents
  let missing = 100 - weightNames.reduce((sum, name) => sum + percents[name], 0)
  for (const { name } of exact.toSorted((a, b) => (b.value % 1) - (a.value % 1))) {
    if (missing <= 0) break
    percents[name] += 1
    missing -= 1
  }
  return percents
}

/** Moves one weight; the other two share the rest in proportion, or evenly when both were 0. */
export function rebalanced(percents: Percents, moved: WeightName, to: number): Percents {
  const value = Math.min(100, Math.max(0, Math.round(to)))
  const [first, second] = weightNames.filter((name) => name !== moved) as [WeightName, WeightName]
  const rest = 100 - value
  const before = percents[first] + percents[second]
  const share = before === 0 ? Math.round(rest / 2) : Math.round((rest * percents[first]) / before)
  return { ...percents, [moved]: value, [first]: share, [second]: rest - share }
}

/** "40-30-30", and "70-10-20-pack" for a packing policy. */
export const policyText = (percents: Percents, packing: boolean): string =>
  [...weightNames.map((name) => percents[name]), ...(packing ? ['pack'] : [])].join('-')

/** Parses an address: the name of a profile or custom weights; null for the default and for anything invalid. */
export function policyFromText(text: string): PolicyInput | null {
  const profile = policyProfileNames.find((name) => name === text)
  if (profile) return profile
  const match = /^(\d{1,3})-(\d{1,3})-(\d{1,3})(-pack)?$/.exec(text)
  if (!match) return null
  const [resources = 0, load = 0, locality = 0] = match.slice(1, 4).map(Number)
  if (resources + load + locality !== 100) return null
  const weights = { resources: resources / 100, load: load / 100, locality: locality / 100 }
  return match[4] ? { weights, packing: true } : { weights }
}

/** The policy that an input stands for; `fallback` is the default. */
export const effectivePolicy = (input: PolicyInput | null, fallback: Policy): Policy => {
  if (input === null) return fallback
  return typeof input === 'string' ? policyProfiles[input] : { name: 'custom', ...input }
}

/** "40 % resources, 30 % load, 30 % locality", with "fuller nodes first" for a packing policy. */
export function policyLabels({ weights, packing }: Pick<Policy, 'weights' | 'packing'>): string {
  const percents = percentsOf(weights)
  const parts = weightNames.map((name) => `${percents[name]} % ${name}`)
  return `${parts.join(', ')}${packing ? ', fuller nodes first' : ''}`
}
