import type { Step } from '@/core/plan/types'

/** A repeated refusal within this time is not recorded, in milliseconds. */
const sameForMs = 60_000

interface Refusal {
  version: number
  message: string
  atMs: number
}

/**
 * Deployments that wait are retried whenever capacity appears, many times a second in a busy fleet. A refusal that
 * repeats the previous one (same version, same message) is recorded at most once a minute, because the existing record
 * still explains it. Only the current leader knows; the next one records the refusal again.
 */
export class RecordedRefusals {
  /** By deployment, oldest first. */
  readonly #last = new Map<string, Refusal>()

  /** Returns the steps, without the decision where it would only repeat a recent record. */
  withoutRepeats(steps: Step[], at: Date): Step[] {
    return steps.map((step) => (this.#isRepeat(step, at.getTime()) ? { ...step, decision: null } : step))
  }

  #isRepeat({ evaluation, deployment, decision, evaluationEnds }: Step, nowMs: number): boolean {
    if (decision?.outcome !== 'refused' || evaluationEnds !== 'blocked' || evaluation.trigger !== 'capacity')
      return false
    const last = this.#last.get(deployment.id)
    return (
      last?.version === deployment.version &&
      last.message === decision.message &&
      Math.abs(nowMs - last.atMs) < sameForMs
    )
  }

  /** Notes the refusals of committed steps. */
  committed(steps: Step[], at: Date): void {
    const atMs = at.getTime()
    for (const { deployment, decision } of steps) {
      if (!decision) continue
      this.#last.delete(deployment.id)
      const { message } = decision
      if (decision.outcome === 'refused') this.#last.set(deployment.id, { version: deployment.version, message, atMs })
    }
    for (const [id, { atMs: then }] of this.#last) {
      if (Math.abs(atMs - then) < sameForMs) break
      this.#last.delete(id)
    }
  }
}
