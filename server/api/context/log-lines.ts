import type { Logger } from '@/server/lib/log'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'

/** The line that people grep for; a failure is an error line. */
export function logStatusChange(log: Logger, change: DeploymentStatusChange): void {
  log.info(
    { deploymentId: change.id, from: change.from, to: change.to },
    `Deployment ${change.id} status: ${change.from} -> ${change.to} (reason: ${change.reason})`,
  )
}
