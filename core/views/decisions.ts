import type { PlacementSummary } from '@/core/placement/decision-summary'
import type { PlacementRequest, Policy } from '@/core/placement/types'

export interface DecisionSummary {
  id: string
  outcome: 'placed' | 'refused'
  trigger: string
  replicas: number
  chosenNodeIds: string[]
  message: string
  createdAt: string
}

export interface DecisionListItem extends DecisionSummary {
  deploymentId: string
  deploymentName: string
  policy: Policy
}

/** One page of decisions, newest first. */
export interface DecisionPage {
  items: DecisionListItem[]
  /** Whether there are older ones; the id of the last item is the cursor. */
  more: boolean
}

export interface DecisionView extends DecisionListItem {
  request: PlacementRequest
  /** The recorded placement, explained by running the core again on its inputs. */
  placement: PlacementSummary
}

/** A past decision that would be different under another policy. Nodes are given by name. */
export interface WhatIfChange {
  decisionId: string
  deploymentId: string
  deploymentName: string
  createdAt: string
  policyThen: Policy
  before: string[]
  after: string[]
  leaves: string[]
  comes: string[]
}

export interface WhatIfReport {
  policy: Policy
  /** Number of decisions that were run again. */
  examined: number
  changes: WhatIfChange[]
}
