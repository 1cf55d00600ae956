/**
 * What simulated containers write: a function of the seed, the container and the time alone, so that nothing of it has
 * to be kept. Each line has its place in time; some are coloured as programs do it on terminals.
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
  /** Its last words say so. */
  crashed: boolean
}

/** How often a log that is followed is looked at. */
const pollEveryMs = 100

export const lastWords = (image: string): string => `fatal: simulated crash of ${image}`

/** Hands out what is there and, when it is followed, what comes. `writing` says how the container is now. */
export const hand = async (request: LogRequest, clock: Clock, writing: () => Writing | null): Promise<void> => {
  const { since, tail, follow, signal } = request
  let next = 0
  for (let first = true; !signal.aborted; first = false) {
    const now = writing()
    const end = now ? countAt(now, now.endedAt ?? clock.now()) : 0
    // Lines before the tail need not be made, only counted; `since` may take more off, never less.
    if (first && tail !== null) next = Math.max(0, end - tail)
    if (now && first && since !== null) next = Math.max(next, countAt(now, Date.parse(since)) - 1)
    const lines = now ? linesOf(now, next, end) : []
    next = Math.max(next, end)
    const over = !now || now.endedAt !== null
    if (now && over && now.crashed)
      lines.push({ at: at(now.endedAt ?? 0, 999_999n), stream: 'stderr', text: lastWords(now.image) })
    const news = since === null ? lines : lines.filter((line) => line.at > since)
    const shown = first && tail !== null ? news.slice(-tail) : news
    if (shown.length > 0) await request.onLines(shown)
    if (over || !follow) return
    await sleep(clock, pollEveryMs, signal)
  }
}

const at = (ms: number, moreNanos = 0n): string => logTime(BigInt(Math.round(ms * 1_000)) * 1_000n + moreNanos)

/** How many lines there are at that time. */
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
  // A program that is well complains about others at the most.
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
