/** Labels and texts for audit log entries. */
import { type AuditAction, type AuditEntry, type Difference, differences } from './audit'

/** One label per action; a new action does not compile without one. */
export const actionLabels: Record<AuditAction, string> = {
  'deployment.create': 'Deployed',
  'deployment.update': 'Updated a deployment',
  'deployment.scale': 'Scaled',
  'deployment.rollback': 'Rolled back',
  'deployment.redeploy': 'Redeployed',
  'deployment.retry': 'Retried a deployment',
  'deployment.stop': 'Stopped a deployment',
  'deployment.start': 'Started a deployment',
  'deployment.restart': 'Restarted a deployment',
  'deployment.delete': 'Deleted a deployment',
  'evaluation.try-now': 'Retried scheduling',
  'node.cordon': 'Cordoned a node',
  'node.uncordon': 'Uncordoned a node',
  'node.drain': 'Drained a node',
  'node.undrain': 'Ended a drain',
  'node.maintenance': 'Began maintenance',
  'node.end-maintenance': 'Ended maintenance',
  'node.move': 'Let a machine take a node over',
  'node.remove': 'Removed a node',
  'outage-protection.override': 'Overrode outage protection',
  'user.create': 'Created a user',
  'user.role': 'Changed a role',
  'user.password': 'Set a password',
  'user.disable': 'Disabled a user',
  'user.enable': 'Enabled a user',
  'user.end-sessions': 'Ended sessions',
  'session.sign-in': 'Signed in',
  'session.sign-out': 'Signed out',
  'session.end': 'Ended a session',
  'sign-in.wrong': 'Wrong password',
  'sign-in.locked': 'Sign-in locked',
  'sign-in.refused': 'Sign-in refused',
  'call.refused': 'Call refused',
  'join-token.create': 'Made a join token',
  'join-token.revoke': 'Revoked a join token',
  'api-token.create': 'Made an API token',
  'api-token.revoke': 'Revoked an API token',
  'setting.change': 'Changed a setting',
  'notification-channel.create': 'Made a channel',
  'notification-channel.update': 'Changed a channel',
  'notification-channel.pause': 'Paused a channel',
  'notification-channel.resume': 'Resumed a channel',
  'notification-channel.test': 'Tested a channel',
  'notification-channel.delete': 'Deleted a channel',
}

/** Returns the label of an action; an unknown action of an older version is returned as it is. */
export const textOf = (action: string): string => (actionLabels as Record<string, string>)[action] ?? action

/** "expiresInHours" → "expires in hours" */
export const fieldLabels = (field: string): string => field.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

/** "role: viewer → operator" */
export const differenceText = ({ field, before, after }: Difference): string =>
  after === null
    ? `${fieldLabels(field)} was ${before}`
    : `${fieldLabels(field)}: ${before === null ? after : `${before} → ${after}`}`

/** Returns all changes in one line, without the name of the subject: "image: nginx:latest, replicas: 3". */
export const changeText = ({
  subject,
  ...entry
}: Pick<AuditEntry, 'before' | 'after'> & { subject: { name: string } }): string =>
  differences(entry)
    .filter(({ field, before, after }) => !(field.endsWith('name') && (after ?? before) === subject.name))
    .map(differenceText)
    .join(', ')
