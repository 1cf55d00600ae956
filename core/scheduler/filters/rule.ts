/** What a rule is: it checks a node cheaply, and can say what it compared. */
import type { FleetNode, PlacementRequest, RuleName, RuleResult } from '@/core/placement/types'

/** `avoided` is not among them: ../select/choose.ts takes avoided nodes, too, when the others cannot take all replicas. */
export type HardRuleName = Exclude<RuleName, 'avoided'>

export interface Rule {
  name: HardRuleName
  /** False when every node meets it, because the request asks for nothing that it is about; missing is always true. */
  asks?: (request: PlacementRequest) => boolean
  meets: (request: PlacementRequest, node: FleetNode) => boolean
  /**
   * What it compared, one result per cause, met or not; at least one that is not met for a node that does not meet the
   * rule, else none. Empty when the request asks for nothing that the rule is about.
   */
  explain: (request: PlacementRequest, node: FleetNode) => RuleResult[]
}

/** A result that is met or not, without a number between. */
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
