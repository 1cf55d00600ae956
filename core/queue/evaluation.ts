const evaluationTriggers = [
  'deploy',
  'scale',
  'update',
  'rollback',
  'retry',
  'stop',
  'start',
  'restart',
  'drain',
  'move',
  'replica-failed',
  'node-lost',
  'capacity',
] as const
export type EvaluationTrigger = (typeof evaluationTriggers)[number]
export interface Evaluation {
  id: string
  deploymentId: string
  trigger: EvaluationTrigger
  /** Higher priorities go first. */
  priority: number
  attempts: number
}
