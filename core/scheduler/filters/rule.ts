/** A rule checks a node cheaply and can explain what it compared. */
import type { FleetNode, PlacementRequest, RuleName, RuleResult } from '@/core/placement/types'

/** Excludes `avoided`: ../select/choose.ts uses avoided nodes when the others cannot take all replicas. */
export type HardRuleName = Exclude<RuleName, 'avoided'>

export interface Rule {
  name: HardRuleName
  /** Whether the rule applies to the request; if false, every node meets it. A rule without `asks` always applies. */
  asks?: (request: PlacementRequest) => boolean
  meets: (request: PlacementRequest, node: FleetNode) => boolean
  /**
   * Returns what the rule compared, one result per cause. At least one result fails if and only if the node does not
   * meet the rule. Empty when the rule does not apply to the request.
   */
  explain: (request: PlacementRequest, node: FleetNode) => RuleResult[]
}

/** Builds a result without numbers. */
export const yesNo = (rule: HardRuleName, passed: boolean, message: string): RuleResult => ({
  rule,
  passed,
  message,
  needed: null,
  available: null,
  shortfall: null,
})

export function yesNoRule(input: {
  name: HardRuleName
  meets: Rule['meets']
  met: (node: FleetNode) => string
  unmet: (node: FleetNode) => string
}): Rule {
  return {
    name: input.name,
    meets: input.meets,
    explain: (request, node) => {
      const passed = input.meets(request, node)
      return [yesNo(input.name, passed, passed ? input.met(node) : input.unmet(node))]
    },
  }
}
