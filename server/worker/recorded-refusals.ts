import type { Step } from '@/core/plan/types'

/** So long a refusal that comes again is no news, in milliseconds. */
const sameForMs = 60_000

interface Refusal {
  version: number
  message: string
  atMs: number
}

/**
 * What waits is tried at every capacity that appears, many times a second in a busy fleet. A refusal like the last one (the
 * same wishes, as many nodes short) is recorded once a minute at most: the record that there is says it all. Known to one
 * leader; the next one records anew.
 */
export class RecordedRefusals {
  /** By deployment, the oldest first. */
  readonly #last = new Map<string, Refusal>()

  /** The steps, those without their decision that would only say again what was just recorded. */
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

  /** These were committed. */
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
