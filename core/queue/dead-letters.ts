/** Why a piece of scheduling work does not go on at once: given up, tried again later, or without capacity. */
export const deadLetterKinds = ['dead', 'retrying', 'waiting'] as const
export type DeadLetterKind = (typeof deadLetterKinds)[number]

/** One of them as pages show it. */
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
  /** Why the caller can't have it tried now; null when it can. */
  blocked: string | null
}
