import { setTimeout as sleep } from 'node:timers/promises'

export interface GroupOptions<Call, Answer> {
  /** Writes the calls in one commit; returns an answer for each, in order. */
  write: (calls: Call[]) => Promise<Answer[]>
  /** The most calls in one commit; more would gain nothing. */
  limit: number
  /** Commits in flight. */
  atOnce: number
  /** Milliseconds between the beginnings of two commits, so that calls that may wait share a commit. */
  pauseMs?: (calls: Call[]) => number
  /** Two calls with a key in common never share a commit: the second must see what the first one did. */
  apart?: (call: Call) => readonly string[]
  /** Whether the calls of a commit that failed with this error are retried one by one; always by default. */
  mayGoAlone?: (error: unknown) => boolean
}

interface Waiting<Call, Answer> {
  call: Call
  settle: (answer: Answer) => void
  fail: (error: unknown) => void
}

/**
 * Gathers calls into commits: a lone one is written at once, and what comes while commits are under way goes together
 * into the next one. When a commit does not go through, its calls are tried one by one: what is wrong with one must not
 * refuse the others.
 */
export function groupCommit<Call, Answer>(options: GroupOptions<Call, Answer>): (call: Call) => Promise<Answer> {
  const { write, limit, atOnce, pauseMs = () => 0, apart = () => [], mayGoAlone = () => true } = options
  let waiting: Waiting<Call, Answer>[] = []
  let underWay = 0

  const flush = () => {
    while (underWay < atOnce && waiting.length > 0) {
      const batch = take()
      underWay++
      const pause = pauseMs(batch.map((one) => one.call))
      void Promise.all([settle(batch), pause > 0 ? sleep(pause, undefined, { ref: false }) : null]).finally(() => {
        underWay--
        flush()
      })
    }
  }
  /** Oldest first. */
  const take = (): Waiting<Call, Answer>[] => {
    const keys = new Set<string>()
    const batch: Waiting<Call, Answer>[] = []
    const rest: Waiting<Call, Answer>[] = []
    let seen = 0
    for (; seen < waiting.length && batch.length < limit; seen++) {
      const one = waiting[seen] as Waiting<Call, Answer>
      const own = apart(one.call)
      if (own.some((key) => keys.has(key))) rest.push(one)
      else batch.push(one)
      for (const key of own) keys.add(key)
    }
    waiting = rest.concat(waiting.slice(seen))
    return batch
  }
  const settle = async (batch: Waiting<Call, Answer>[]): Promise<void> => {
    try {
      const answers = await write(batch.map((one) => one.call))
      for (const [i, one] of batch.entries()) one.settle(answers[i] as Answer)
    } catch (error) {
      if (batch.length > 1 && mayGoAlone(error)) for (const one of batch) await settle([one])
      else for (const one of batch) one.fail(error)
    }
  }

  return (call) =>
    new Promise((resolve, reject) => {
      waiting.push({ call, settle: resolve, fail: reject })
      flush()
    })
}
