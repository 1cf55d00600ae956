import type { DeploymentDetail } from '@/core/views/deployments'

/** It has no place, and a decision says what each node lacked. */
export const isRefused = ({ status, targetReplicas, waiting, latestDecisionId }: DeploymentDetail): boolean =>
  latestDecisionId !== null && targetReplicas > 0 && (status === 'failed' || waiting?.kind === 'capacity')
