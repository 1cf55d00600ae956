import { setImmediate as breathe } from 'node:timers/promises'

/** At most so long at a stretch: the process has others to answer. Milliseconds. */
const pieceMs = 20

/** Runs a long computation to its end, and lets others have their turn in between. */
export async function inPieces<Result>(steps: Generator<void, Result>): Promise<Result> {
  for (let begunMs = performance.now(); ; ) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - begunMs < pieceMs) continue
    await breathe()
    begunMs = performance.now()
  }
}
