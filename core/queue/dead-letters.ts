/** Why an evaluation is stuck: its retries are exhausted, it is being retried later, or it waits for capacity. */
export const deadLetterKinds = ['dead', 'retrying', 'waiting'] as const
export type DeadLetterKind = (typeof deadLetterKinds)[number]

/** A stuck evaluation as pages show it. */
export interface DeadLetterView {
  id: string
  kind: DeadLetterKind
  trigger: string
  attempts: number
  error: string | null
  /** ISO 8601 */
  since: string
  nextTryAt: string | null
  deploymentId: string
  deploymentName: string
  /** Why the caller cannot retry it now; null when the caller can. */
  blocked: string | null
}
