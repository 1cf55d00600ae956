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

/** One page of decisions, the newest first. */
export interface DecisionPage {
  items: DecisionListItem[]
  /** Whether there are older ones: they are asked for by the id of the last. */
  more: boolean
}

export interface DecisionView extends DecisionListItem {
  request: PlacementRequest
  /** As the record says, explained by running the core on it again. */
  placement: PlacementSummary
}

/** A past decision that would come out otherwise under another policy. Nodes by name. */
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
  /** How many decisions were run again. */
  looked: number
  changes: WhatIfChange[]
}
