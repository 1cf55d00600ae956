/** Decides about the replicas of a node that returns. server/store/node-loss/node-returns.ts stores the result. */
import { type DeploymentStatus, isLive, type ReplicaStatus } from '@/core/deployments/status'

const returnPlans = ['keep', 'stop', 'update'] as const
export type ReturnPlan = (typeof returnPlans)[number]

const returnOutcomes = ['kept', 'stopped', 'updated', 'failed'] as const
export type ReturnOutcome = (typeof returnOutcomes)[number]

export interface ReturningReplica {
  slot: number
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  deployment: { status: DeploymentStatus; targetReplicas: number }
  /** The newest attempt of its slot; null when that is this replica. */
  successor: { generation: number; nodeName: string } | null
}

/** Returns what the agent should do with the replica, and why. */
export function planOfReturn({ slot, status, wanted, deployment, successor }: ReturningReplica): {
  plan: ReturnPlan
  why: string
} {
  if (wanted === 'run' && isLive(status)) return { plan: 'keep', why: 'Still wanted here: its container is adopted' }
  if (deployment.status === 'deleted') return { plan: 'stop', why: 'Its deployment was deleted' }
  if (successor) {
    const by = `by generation ${successor.generation} on ${successor.nodeName}`
    if (status === 'lost') return { plan: 'stop', why: `Replaced ${by} while the node was offline` }
    return { plan: 'update', why: `A change of the deployment replaced it ${by}` }
  }
  if (slot >= deployment.targetReplicas)
    return { plan: 'stop', why: `The deployment was scaled to ${deployment.targetReplicas}` }
  if (status === 'lost')
    return { plan: 'stop', why: 'Given up while the node was offline; another attempt has no node yet' }
  return { plan: 'stop', why: 'Not wanted here any more' }
}
