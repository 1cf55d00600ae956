import type { DeploymentDetail } from '@/core/views/deployments'

/** The deployment is not placed, and a decision records why each node was refused. */
export const isRefused = ({ status, targetReplicas, waiting, latestDecisionId }: DeploymentDetail): boolean =>
  latestDecisionId !== null && targetReplicas > 0 && (status === 'failed' || waiting?.kind === 'capacity')
