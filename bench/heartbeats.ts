/** Heartbeats of many agents with one node each. npm run bench -- heartbeats */
import { setTimeout as sleep } from 'node:timers/promises'
import { hashToken } from '@/server/store/accounts/credentials'
import { recordHeartbeats } from '@/server/store/agents/heartbeats'
import type { Speaker } from '@/server/store/agents/identities'
import { type AgentInbox, createAgentInbox } from '@/server/store/agents/inbox'
import { beatOf, joinFleet, newSpeaker, type SimulatedNode } from './common/agents'
import { median, quantile, tableText } from './common/measure'
import { inParallel } from './common/parallel'
import { benchmark, print } from './common/program'
import { learn, perSecond, type Scratch, withScratchDatabase } from './common/scratch'

const program = benchmark(
  'heartbeats',
  `Agents of one node each, 1,000 and 10,000 of them. All at once: heartbeats a second when they share commits, and when each
makes its own. At the usual pace (each every 5 seconds, spread evenly): commits a second, and how long a heartbeat takes.`,
  { nodes: 10_000, seconds: 5 },
)
const paceSeconds = 5

interface Round {
  nodes: number
  /** Heartbeats per second when all are sent at once. */
  shared: number
  alone: number
  times: number
  /** At the usual interval. */
  commitsPerSecond: number
  p50Ms: number
  p99Ms: number
}

type Beat = (node: SimulatedNode) => Promise<unknown>

const inboxBeat =
  (inbox: AgentInbox, speaker: Speaker): Beat =>
  (node) =>
    inbox.heartbeat(speaker, [beatOf(node, Date.now())])

const loneBeat =
  ({ store }: Scratch, speaker: Speaker): Beat =>
  (node) =>
    recordHeartbeats(store, [
      { ...beatOf(node, Date.now()), credentialHash: hashToken(speaker.credential), instance: speaker.instance },
    ])

async function allAtOnce(nodes: SimulatedNode[], beat: Beat): Promise<number> {
  const begun = performance.now()
  await Promise.all(nodes.map(beat))
  return perSecond(nodes.length, begun)
}

/** Sends as many at a time as there are connections. Heartbeats per second. */
async function allInTurn(nodes: SimulatedNode[], beat: Beat): Promise<number> {
  const begun = performance.now()
  await inParallel(nodes, 16, beat)
  return perSecond(nodes.length, begun)
}

/** Each node once in five seconds. */
async function atPace(
  scratch: Scratch,
  nodes: SimulatedNode[],
  beat: Beat,
): Promise<Omit<Round, 'nodes' | 'shared' | 'alone' | 'times'>> {
  const times: number[] = []
  const pending: Promise<void>[] = []
  const commits = new Set<string>()
  const seconds = program.number('seconds')
  const begun = performance.now()
  for (let sent = 0; performance.now() - begun < seconds * 1000; await sleep(1)) {
    const due = ((performance.now() - begun) / 1000 / paceSeconds) * nodes.length
    for (; sent < due; sent++) {
      const node = nodes[sent % nodes.length]
      const at = performance.now()
      if (node) pending.push(beat(node).then(() => void times.push(performance.now() - at)))
    }
  }
  await Promise.all(pending)
  const { rows } = await scratch.store.pool.query<{ commit: string }>(
    'select distinct xmin::text as commit from nodes where last_heartbeat > now() - make_interval(secs => $1)',
    [(performance.now() - begun) / 1000],
  )
  for (const { commit } of rows) commits.add(commit)
  return { commitsPerSecond: commits.size / seconds, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
}

async function measure(count: number): Promise<Round[]> {
  return withScratchDatabase(async (scratch) => {
    const speaker = newSpeaker()
    const nodes = await joinFleet(scratch, count, { speaker })
    const shared = inboxBeat(createAgentInbox(scratch.store), speaker)
    const alone = loneBeat(scratch, speaker)
    // A part of the nodes is enough to measure heartbeats that do not share commits.
    const some = nodes.slice(0, 500)
    await allAtOnce(nodes, shared)
    await learn(scratch)
    const rounds: Round[] = []
    for (let i = 0; i < program.number('rounds'); i++) {
      const sharedRate = await allAtOnce(nodes, shared)
      const aloneRate = await allInTurn(some, alone)
      const pace = await atPace(scratch, nodes, shared)
      rounds.push({ nodes: count, shared: sharedRate, alone: aloneRate, times: sharedRate / aloneRate, ...pace })
    }
    return rounds
  })
}

const most = program.number('nodes')
const sizes = most > 1_000 ? [1_000, most] : [most]
const rounds: Round[] = []
for (const size of sizes) rounds.push(...(await measure(size)))
const medians = sizes.map((nodes) => {
  const mine = rounds.filter((round) => round.nodes === nodes)
  const of = (key: keyof Round): number => median(mine.map((one) => one[key]))
  return {
    nodes,
    shared: of('shared'),
    alone: of('alone'),
    times: of('times'),
    commitsPerSecond: of('commitsPerSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  }
})
print(`medians of ${program.number('rounds')} rounds\n`)
print(
  tableText(
    ['nodes', '', 'at once, shared /s', 'each alone /s', '×', 'at pace: beats /s', 'commits /s', 'p50 ms', 'p99 ms'],
    medians.map((one) => [
      one.nodes.toLocaleString('en'),
      '',
      one.shared.toFixed(0),
      one.alone.toFixed(0),
      one.times.toFixed(1),
      (one.nodes / paceSeconds).toFixed(0),
      one.commitsPerSecond.toFixed(1),
      one.p50Ms.toFixed(1),
      one.p99Ms.toFixed(1),
    ]),
  ),
)
program.save({ medians, rounds })
