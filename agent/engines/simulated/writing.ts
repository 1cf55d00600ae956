/**
 * The logs of simulated containers: a pure function of the seed, the container and the time, so that nothing has to be
 * stored. Some lines are coloured as on terminals.
 */

import type { LogRequest } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { between, chanceOf } from '@/agent/lib/random'
import { type LogLine, logTime } from '@/core/logs/log'
import { behaviourOf } from './behaviour'

export interface Writing {
  seed: number
  container: string
  image: string
  startedAt: number
  /** Null while it runs. */
  endedAt: number | null
  /** Whether the log ends with the crash. */
  crashed: boolean
}

/** How often a followed log is polled. */
const pollEveryMs = 100

export const lastMessage = (image: string): string => `fatal: simulated crash of ${image}`

/** Hands out the existing lines and, when following, new ones. `writing` returns the container's current state. */
export const hand = async (request: LogRequest, clock: Clock, writing: () => Writing | null): Promise<void> => {
  const { since, tail, follow, signal } = request
  let next = 0
  for (let first = true; !signal.aborted; first = false) {
    const now = writing()
    const end = now ? countAt(now, now.endedAt ?? clock.now()) : 0
    // Lines before the tail are only counted, not rendered; `since` can only leave out more.
    if (first && tail !== null) next = Math.max(0, end - tail)
    if (now && first && since !== null) next = Math.max(next, countAt(now, Date.parse(since)) - 1)
    const lines = now ? linesOf(now, next, end) : []
    next = Math.max(next, end)
    const over = !now || now.endedAt !== null
    if (now && over && now.crashed)
      lines.push({ at: at(now.endedAt ?? 0, 999_999n), stream: 'stderr', text: lastMessage(now.image) })
    const news = since === null ? lines : lines.filter((line) => line.at > since)
    const shown = first && tail !== null ? news.slice(-tail) : news
    if (shown.length > 0) await request.onLines(shown)
    if (over || !follow) return
    await sleep(clock, pollEveryMs, signal)
  }
}

const at = (ms: number, moreNanos = 0n): string => logTime(BigInt(Math.round(ms * 1_000)) * 1_000n + moreNanos)

/** The number of lines up to that time. */
const countAt = ({ image, startedAt }: Writing, ms: number): number => {
  const every = behaviourOf(image).lineEveryMs
  return every === null || ms < startedAt ? 0 : Math.floor((ms - startedAt) / every) + 1
}

const linesOf = (writing: Writing, from: number, to: number): LogLine[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => lineOf(writing, from + i))

const paths = ['/', '/api/items', '/api/items/42', '/api/cart', '/assets/app.js', '/healthz', '/api/orders']
const colour = (code: string, text: string): string => `\u001b[${code}m${text}\u001b[0m`

const lineOf = ({ seed, container, image, startedAt }: Writing, index: number): LogLine => {
  const chance = (what: string) => chanceOf(seed, container, index, what)
  const pick = <Item>(items: readonly Item[], what: string) => items[Math.floor(chance(what) * items.length)]
  const when = at(startedAt + index * (behaviourOf(image).lineEveryMs ?? 0))
  const out = (text: string): LogLine => ({ at: when, stream: 'stdout', text })
  if (index === 0)
    return out(`${colour('1', image)} starts with ${Math.round(between(chance('threads'), 2, 16))} workers`)
  if (index === 1) return out(`${colour('36', 'info')} listening on port 8080`)
  const ms = Math.round(between(chance('ms') ** 3, 1, 900))
  const kind = chance('kind')
  // A healthy program logs errors only about others.
  if (kind < 0.015)
    return {
      at: when,
      stream: 'stderr',
      text: `${colour('33', 'warn')} request ${index}: the client closed the connection`,
    }
  if (kind < 0.06)
    return out(
      `${colour('33', 'warn')} slow answer from the cache: ${ms + 900} ms ${colour('2', `(request ${index})`)}`,
    )
  const status = kind < 0.1 ? colour('33', '404') : kind < 0.14 ? colour('34', '304') : colour('32', '200')
  return out(`${colour('36', 'info')} GET ${pick(paths, 'path')} ${status} ${colour('2', `${ms} ms`)} request=${index}`)
}
