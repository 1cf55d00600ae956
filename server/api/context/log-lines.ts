import type { Logger } from '@/server/lib/log'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'

/** Writes the log line that people grep for; a failed deployment is logged as an error. */
export function logStatusChange(log: Logger, change: DeploymentStatusChange): void {
  log.info(
    { deploymentId: change.id, from: change.from, to: change.to },
    `Deployment ${change.id} status: ${change.from} -> ${change.to} (reason: ${change.reason})`,
  )
}
