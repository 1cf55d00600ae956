import { may, type Role } from '@/core/accounts/roles'
import { actionPossible, type DeploymentAction, type DeploymentStatus } from '@/core/deployments/status'

/** Returns why `actor` cannot take `action` on a deployment now; null when `actor` can. */
export function actionBlocked(
  actor: { id: string; role: Role },
  deployment: { userId: string; owner: string; status: DeploymentStatus },
  action: DeploymentAction,
): { code: 'forbidden' | 'conflict'; message: string } | null {
  if (!may(actor.role, 'deployments.changeOwn'))
    return { code: 'forbidden', message: `A ${actor.role} can look at deployments but not change them` }
  if (deployment.userId !== actor.id && !may(actor.role, 'deployments.changeAny'))
    return {
      code: 'forbidden',
      message: `This deployment belongs to ${deployment.owner}: only they and administrators can change it`,
    }
  if (deployment.status === 'deleted') return { code: 'conflict', message: 'This deployment is already deleted' }
  if (!actionPossible(action, deployment.status))
    return { code: 'conflict', message: `A deployment that is ${deployment.status} has nothing to ${action}` }
  return null
}
