import { setImmediate as breathe } from 'node:timers/promises'

/** Milliseconds of computation at a time, because the process has other requests to answer. */
const pieceMs = 20

/** Runs a long computation in pieces and yields to other work in between. */
export async function inPieces<Result>(steps: Generator<void, Result>): Promise<Result> {
  for (let begunMs = performance.now(); ; ) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - begunMs < pieceMs) continue
    await breathe()
    begunMs = performance.now()
  }
}
