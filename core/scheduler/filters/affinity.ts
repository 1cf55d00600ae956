/** The rules about topology domains: required affinities to other deployments, and the labels that a spread needs. */

import { type Affinity, placeText, zoneLabel } from '@/core/placement/preferences'
import type { FleetNode, PlacementRequest, RuleResult } from '@/core/placement/types'
import { type Rule, yesNo } from './rule'
import { placeOf } from './topology'

/** Whether a replica of the other deployment is in the node's topology domain. */
function isWithOther({ on, places }: Affinity, node: FleetNode): boolean {
  const place = placeOf(node, on)
  return place !== null && places.includes(place)
}

/** Whether the node satisfies the affinity or anti-affinity. */
export const affinityMet = (affinity: Affinity, node: FleetNode): boolean =>
  isWithOther(affinity, node) === (affinity.kind === 'affinity')

/** "a replica of db is on it", "no replica of db is in its region eu-west" */
export function affinityFinding(affinity: Affinity, node: FleetNode): string {
  const { deployment, on, places } = affinity
  const place = placeOf(node, on)
  if (place === null) return `has no label ${zoneLabel}, so it is in no zone with ${deployment}`
  if (places.length === 0) return `no replica of ${deployment} is placed anywhere`
  const where = on === 'node' ? 'on it' : `in its ${placeText(on, place)}`
  return `${isWithOther(affinity, node) ? 'a' : 'no'} replica of ${deployment} is ${where}`
}

const requiredOf = ({ placementRules }: PlacementRequest, kind: Affinity['kind']): Affinity[] =>
  placementRules?.affinity.filter((one) => one.required && one.kind === kind) ?? []

function affinityRule(kind: Affinity['kind']): Rule {
  const meets: Rule['meets'] = ({ placementRules }, node) => {
    if (placementRules === undefined) return true
    return placementRules.affinity.every((one) => !one.required || one.kind !== kind || affinityMet(one, node))
  }
  return {
    name: kind,
    asks: (request) => requiredOf(request, kind).length > 0,
    meets,
    explain: (request, node) =>
      requiredOf(request, kind).map((one): RuleResult => {
        const passed = affinityMet(one, node)
        const rest = passed ? '' : kind === 'affinity' ? ', and one is required' : ', and none may be'
        return yesNo(kind, passed, `${affinityFinding(one, node)}${rest}`)
      }),
  }
}

/** Whether the node is in a topology domain at all. ../select/spreading.ts checks the skew while it places. */
const spread: Rule = {
  name: 'spread',
  asks: ({ placementRules }) => placementRules?.spread.some((one) => one.maxSkew !== null) ?? false,
  meets: ({ placementRules }, node) =>
    placementRules === undefined ||
    placementRules.spread.every((one) => one.maxSkew === null || placeOf(node, one.across) !== null),
  explain: ({ placementRules }, node) =>
    (placementRules?.spread ?? []).flatMap((one) =>
      one.maxSkew !== null && placeOf(node, one.across) === null
        ? yesNo('spread', false, `has no label ${zoneLabel}, over which replicas have to be spread`)
        : [],
    ),
}

export const affinityRules: readonly Rule[] = [affinityRule('affinity'), affinityRule('anti-affinity'), spread]
