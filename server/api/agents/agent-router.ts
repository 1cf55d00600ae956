import { tracked } from '@trpc/server'
import { z } from 'zod'
import { byOurClock } from '@/core/agents/clock'
import { type AgentNews, agentHeaders, standstills } from '@/core/agents/protocol'
import { claimInput, machineInput } from '@/core/contract/agent-claims'
import { Failure, isUuid } from '@/core/contract/failure'
import {
  agentCount,
  agentList,
  agentNumber,
  agentText,
  agentTime,
  agentWhole,
  personText,
} from '@/core/contract/fields'
import { recordOf } from '@/core/contract/form-fields'
import { counts, int4, labelLimits, percentages, portNumbers, timeProblem } from '@/core/contract/ranges'
import { isImageDigest } from '@/core/deployments/image'
import { restartRules } from '@/core/deployments/restart'
import { logLimits, logStates, logTimePattern } from '@/core/logs/log'
import { logStatusChange } from '@/server/api/context/log-lines'
import { router, sized, unreadProcedure } from '@/server/api/context/trpc'
import { ChangeCollector, stoppingError } from '@/server/api/stream/streams'
import type { Change } from '@/server/db/notify'
import { desiredStates } from '@/server/store/agents/desired-state'
import { admitToJoin, joinNodes, removedAmong } from '@/server/store/agents/heartbeats'
import { claimNodes, nodesOfSpeaker } from '@/server/store/agents/identities'
import { recordRevisionImage } from '@/server/store/deployments/revision-images'
import { recordLogs } from '@/server/store/logs/inbox'
import { logSubscriptions } from '@/server/store/logs/replica-logs'
import { readSettings } from '@/server/store/records/settings'

const uuid = z.uuid()
/** A message of an agent or its engine. */
const message = agentText({ max: 2_000, shape: 'lines' })
const count = agentCount(counts)

const description = z.object({
  name: personText({ max: 63 }).regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'A node name is 1 to 63 letters, digits, . _ -',
  ),
  region: personText({ max: 63 }).regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
    'A region is 1 to 63 letters, digits, . _ -',
  ),
  type: personText({ max: 40 }).regex(/^[a-z0-9_-]{1,40}$/, 'A node type is 1 to 40 of a–z, 0–9, _ -'),
  labels: recordOf(
    { key: personText({ max: labelLimits.key }).min(1), value: personText({ max: labelLimits.value }) },
    labelLimits.count,
    `A node has at most ${labelLimits.count} labels`,
  ),
  engine: z.enum(['docker', 'simulated']),
  engineVersion: agentText({ max: 100 }).nullable(),
  cpuCores: z.number().min(0.1, 'A node has at least 0.1 cores').max(4096),
  memoryMb: z
    .number()
    .int()
    .min(64, 'A node has at least 64 MiB of memory')
    .max(2 ** 30),
  storageGb: z
    .number()
    .int()
    .min(0)
    .max(2 ** 30),
  gpuUnits: z.number().int().min(0).max(1024),
  latitude: z.number().min(-90).max(90).nullable(),
  longitude: z.number().min(-180).max(180).nullable(),
})

/** Drops entries that are not valid ports. */
const reportedPorts = agentList(
  z.object({ container: agentWhole(portNumbers), host: agentWhole(portNumbers) }),
  50,
).transform((ports) =>
  ports.flatMap(({ container, host }) => (container === null || host === null ? [] : [{ container, host }])),
)

const report = z.object({
  nodeId: uuid,
  replicaId: uuid,
  status: z.enum(['starting', 'running', 'stopping', 'stopped', 'failed']),
  reason: message,
  containerId: agentText({ max: 128 }).nullable(),
  exitCode: agentWhole(int4),
  health: z.enum(['healthy', 'unhealthy', 'starting']).nullable(),
  ports: reportedPorts,
  startedAt: agentTime(),
  gone: z.boolean(),
  restarts: z.object({ interruptions: count, restarts: count, inARow: count, wasWell: z.boolean() }),
  restartInMs: agentCount({ min: 0, max: restartRules.mostMs }).nullable(),
  checkOutput: message.nullable(),
  standstill: z.enum(standstills).nullable(),
  observedAt: agentTime().default(null),
})

const reportInput = z.object({
  /** By the same clock as `observedAt`. */
  sentAt: agentTime().default(null),
  reports: z.array(report).max(5_000),
})

const heartbeat = z.object({
  nodeId: uuid,
  cpuUsagePercent: agentNumber(percentages),
  memoryUsagePercent: agentNumber(percentages),
  engineError: message.nullable(),
  revision: personText({ max: 18 }).regex(/^\d{1,18}$/),
  reportsWaiting: z.boolean(),
})

const logChunk = z.object({
  nodeId: uuid,
  replicaId: uuid,
  lines: z
    .array(
      z.object({
        at: personText({ max: 30 })
          .regex(logTimePattern, 'The time of a line is ISO 8601 in UTC with nine decimals')
          .refine((at) => timeProblem(at) === null, 'The time of a line is between the years 1970 and 9999'),
        stream: z.enum(['stdout', 'stderr']),
        text: agentText({ max: logLimits.lineLength, shape: 'terminal' }),
      }),
    )
    .max(logLimits.linesPerChunk),
  gap: z.boolean(),
  state: z.enum(logStates).nullable(),
  message,
})

const digest = personText({ max: 200 }).refine(isImageDigest, 'A digest is such as sha256:…')

const resolvedImage = z.object({
  nodeId: uuid,
  replicaId: uuid,
  digest: digest.nullable(),
  imageId: digest,
  fromRegistry: z.boolean(),
})

/** An agent that sent a credential and an instance, which were not checked yet. */
const unreadSpeaker = unreadProcedure.use(({ ctx, next }) => {
  const { agentCredential: credential, agentInstance: instance } = ctx
  if (credential === null) throw new Failure('not-signed-in', 'An agent sends its credential as a bearer token')
  if (credential.length < 32 || credential.length > 200)
    throw new Failure('not-signed-in', 'The credential of an agent has 32 to 200 characters')
  if (instance === null || !isUuid(instance))
    throw new Failure('not-signed-in', `An agent sends the name of its process, a UUID, as ${agentHeaders.instance}`)
  return next({ ctx: { ...ctx, speaker: { credential, instance } } })
})
const speakerProcedure = unreadSpeaker.use(sized)

/** An agent that holds the nodes that joined with its credential. */
const agentProcedure = unreadSpeaker
  .use(async ({ ctx, next }) =>
    next({ ctx: { ...ctx, nodeIds: await nodesOfSpeaker(ctx.services.store, ctx.speaker) } }),
  )
  .use(sized)

const idOf = ({ nodeId }: { nodeId: string }): string => nodeId

export const agentRouter = router({
  /** Before the input is parsed, the caller must hold its nodes or have a valid join token. */
  join: unreadSpeaker
    .use(async ({ ctx, next }) => {
      await admitToJoin(ctx.services.store, ctx)
      return next()
    })
    .use(sized)
    .input(
      z.object({
        machine: machineInput,
        agentVersion: agentText({ max: 50 }),
        nodes: z.array(description).min(1).max(20_000),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const nodes = await joinNodes(ctx.services.store, {
        ...input,
        speaker: ctx.speaker,
        joinToken: ctx.joinToken,
        address: ctx.address,
      })
      ctx.services.log.info(
        `Joined: ${nodes.length === 1 ? `node ${nodes[0]?.name}` : `${nodes.length} nodes`} from ${ctx.address}`,
      )
      const { heartbeat } = await readSettings(ctx.services.store)
      return { nodes, heartbeatSeconds: heartbeat.everySeconds }
    }),

  /** Agents call this at each start, and whenever a call was refused because the agent does not hold its nodes. */
  claim: speakerProcedure.input(claimInput).mutation(async ({ ctx, input }) => {
    const { store, log } = ctx.services
    const answer = await claimNodes(store, ctx.speaker, { claim: input, address: ctx.address })
    if (answer.state === 'refused') log.warn(`Refused a second agent from ${ctx.address}: ${answer.why}`)
    return answer
  }),

  heartbeat: speakerProcedure
    .input(z.object({ beats: z.array(heartbeat).max(20_000) }))
    .mutation(async ({ ctx, input }) => {
      const { store, log, inbox } = ctx.services
      const { known, stale, returned, heartbeatSeconds } = await inbox.heartbeat(ctx.speaker, input.beats)
      // The commit has checked the credential already, unless none of the nodes was found.
      const removed =
        known < input.beats.length ? await removedAmong(store, ctx.speaker.credential, input.beats.map(idOf)) : []
      if (known === 0 && (removed.length === 0 || removed.length < input.beats.length))
        await nodesOfSpeaker(store, ctx.speaker)
      for (const id of returned) log.info(`Node ${id} is back`)
      // Agents learn of a changed interval with their next heartbeat, without a restart.
      return { stale: stale.length > 0 ? await desiredStates(store, stale) : [], heartbeatSeconds, removed, returned }
    }),

  report: speakerProcedure.input(reportInput).mutation(async ({ ctx, input }) => {
    const { log, inbox, clock, store } = ctx.services
    const nodeIds = await inbox.nodesOfSpeaker(ctx.speaker).catch(async (error: unknown) => {
      // Reports of removed nodes on their last containers are accepted and ignored.
      const removed = await removedAmong(store, ctx.speaker.credential, input.reports.map(idOf))
      if (removed.length === 0) throw error
      return new Set<string>()
    })
    const outcome = await inbox.report(nodeIds, byOurClock(input.reports, input.sentAt, clock.now()))
    for (const replica of outcome.replicas) {
      const line = `Replica ${replica.id} transitioned to ${replica.status.toUpperCase()}`
      if (replica.status === 'failed') log.warn(`${line}: ${replica.reason}`)
      else log.debug(line)
    }
    for (const change of outcome.deployments) {
      logStatusChange(log, change)
    }
    return { unknown: outcome.unknown }
  }),

  /** Records the image that this node has for a replica's revision; returns the image that all nodes must use. */
  resolveImage: agentProcedure
    .input(resolvedImage)
    .mutation(({ ctx, input }) => recordRevisionImage(ctx.services.store, ctx.nodeIds, input)),

  /** Records log lines of the agent's replicas; returns the replicas whose logs nobody reads. */
  logs: agentProcedure
    .input(z.object({ chunks: z.array(logChunk).max(logLimits.chunksPerCall) }))
    .mutation(({ ctx, input }) => recordLogs(ctx.services.store, ctx.nodeIds, input.chunks)),

  /**
   * Streams the desired state of each node and the logs that it should send: first for all nodes, then on every change.
   */
  watch: agentProcedure.input(z.object({ nodeIds: z.array(uuid).max(20_000) })).subscription(async function* ({
    ctx,
    input,
    signal,
  }) {
    const { changes, stopping, store } = ctx.services
    const watched = new Set(input.nodeIds.filter((id) => ctx.nodeIds.has(id)))
    const collector = new ChangeCollector(
      changes,
      ({ topic, ids }) =>
        (topic === 'wanted' || topic === 'log-subscription' || topic === 'speaker') &&
        (ids.length === 0 || ids.some((id) => watched.has(id))),
      [signal, stopping],
    )
    const sent = new Map<string, string>()
    const news = (data: AgentNews, id: string) => tracked(id, data)
    try {
      let next: Change[] = watchedTopics.map((topic) => ({ topic, ids: [] }))
      while (!signal?.aborted) {
        for (const state of await desiredStates(store, touched(next, 'wanted', watched))) {
          if (sent.get(state.nodeId) === state.revision) continue
          sent.set(state.nodeId, state.revision)
          yield news(state, `${state.nodeId}:${state.revision}`)
        }
        for (const logs of await logSubscriptions(store, touched(next, 'log-subscription', watched)))
          yield news({ logs }, `${logs.nodeId}:logs`)
        next = await collector.next()
        if (stopping.aborted) throw stoppingError()
        // Another agent may hold the nodes by now; then this stream ends.
        if (next.some(({ topic }) => topic === 'speaker')) await nodesOfSpeaker(store, ctx.speaker)
      }
    } finally {
      collector.close()
    }
  }),
})

const watchedTopics = ['wanted', 'log-subscription'] as const

/** The watched nodes that the changes of this topic concern. */
const touched = (changes: readonly Change[], topic: Change['topic'], watched: ReadonlySet<string>): string[] =>
  changes.flatMap((change) => {
    if (change.topic !== topic) return []
    return change.ids.length === 0 ? [...watched] : change.ids.filter((id) => watched.has(id))
  })
