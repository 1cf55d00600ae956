/**
 * The work on one replica: what reconcile.ts decides, done step by step on the engine. Each function ends with the
 * truth told, or throws: an unreachable engine (tried again later), or the signal's reason (somebody decided otherwise).
 */

import type { ContainerSpec, Engine, InspectedContainer, SeenContainer } from '@/agent/engines/engine'
import { EngineError } from '@/agent/engines/engine'
import { engineMessage } from '@/agent/engines/engine-words'
import { contentOf, exactImage, type ImageWork, obtainImage } from '@/agent/images/images'
import type { Clock } from '@/agent/lib/clock'
import type { Slots } from '@/agent/lib/slots'
import type { DesiredReplica, ReplicaReport } from '@/core/agents/protocol'
import { containerLabels, containerName, type Standstill } from '@/core/agents/protocol'
import { imageWithDigest } from '@/core/deployments/image'
import { afterRun, type RestartRecord, restartDelayMs } from '@/core/deployments/restart'
import { memoryText } from '@/core/placement/resources'
import type { Action } from './reconcile'

export interface Work {
  nodeId: string
  engine: Engine
  clock: Clock
  /** How many images are pulled and how many containers are started at once. */
  pulls: Slots
  starts: Slots
  /** Seconds between the polite and the final signal. */
  stopGraceSeconds: number
  /** A pull that was silent for so long gives its turn to the next, and goes on. */
  pullGraceMs: number
  /** What was told last. */
  reported(replicaId: string): ReplicaReport | undefined
  /** How it fared so far, as the agent or the control plane remembers it. */
  record(replicaId: string): RestartRecord
  /**
   * Tells the control plane, when it is news, and keeps it on the disk. What may wait goes with what comes next, so many
   * milliseconds later at most; all else is on the disk when the promise resolves.
   */
  submit(report: ReplicaReport, mayWaitMs?: number): Promise<void>
  /** Remembers without telling. */
  remember(report: ReplicaReport, mayWaitMs?: number): Promise<void>
  /** Resolves when what is wanted is on the disk, or could not be written: a full one stops no node. */
  saved(): Promise<void>
  /** Looks at a container and takes note of what is there. */
  look(containerId: string): Promise<InspectedContainer | null>
  /** Sends the last lines of a container that failed, before it is removed. */
  keepLog(replicaId: string, containerId: string): Promise<void>
  /** What the control plane said last of the image of a replica's revision. */
  imageOf: ImageWork['imageOf']
  imageNews: ImageWork['imageNews']
  resolveImage: ImageWork['resolveImage']
  sharedImage: ImageWork['sharedImage']
  /** The agent pulled an image that was not there: it may remove it by these names one day. */
  pulled(names: string[], replica: DesiredReplica): Promise<void>
}

const imageWork = (work: Work): ImageWork => ({
  ...work,
  pull: (replica, image, signal, options) =>
    pullMissing(work, { replica, image, anew: options?.anew ?? false }, signal),
  starting: (replicaId, reason) => starting(work, replicaId, reason),
})

/**
 * While containers start, each call and each write takes processor and disk from them. That one is about to start is
 * nearly always followed by what came of it; and those that run are told together when others are on their way, all the
 * more when others even wait to be.
 */
const mayWaitMs = { starting: 300, running: 50, runningOfMany: 250 } as const

const runningMayWaitMs = ({ starts }: Work): number => {
  if (starts.idle) return 0
  return starts.full ? mayWaitMs.runningOfMany : mayWaitMs.running
}

type News = Partial<Omit<ReplicaReport, 'nodeId' | 'replicaId'>> & Pick<ReplicaReport, 'status' | 'reason'>

const reportOf = (work: Work, replicaId: string, news: News): ReplicaReport => ({
  containerId: work.reported(replicaId)?.containerId ?? null,
  exitCode: null,
  health: null,
  ports: [],
  startedAt: work.reported(replicaId)?.startedAt ?? null,
  gone: false,
  observedAt: new Date(work.clock.now()).toISOString(),
  restarts: work.record(replicaId),
  restartInMs: null,
  checkOutput: null,
  standstill: null,
  ...news,
  nodeId: work.nodeId,
  replicaId,
})

const starting = (work: Work, replicaId: string, reason: string, mayWaitMs?: number) =>
  work.submit(reportOf(work, replicaId, { status: 'starting', reason }), mayWaitMs)

/** Does what was decided. */
export const carryOut = (work: Work, action: Action, signal: AbortSignal): Promise<void> => {
  switch (action.kind) {
    case 'start':
      return startReplica(work, action.replica, signal)
    case 'wait':
      return starting(work, action.replicaId, 'Waiting for the container before it to end')
    case 'adopt':
      return supervise(work, action.replica, action.container.id, signal)
    case 'settle':
      return settle(work, action.replica, action.container)
    case 'restart':
      return restart(work, action, signal)
    case 'revive':
      return revive(work, action, signal)
    case 'vanished':
      return reportVanished(work, action.replicaId, action.containerId)
    case 'stop':
      return stopReplica(work, action.replicaId, action.container)
    case 'gone':
      return reportGone(work, action.replicaId)
    case 'remove':
      return removeContainer(work, action.container, action.why)
  }
}

/** Creates, after a pull if that needs one, starts, and tells `running` once it was seen running. */
const startReplica = async (work: Work, replica: DesiredReplica, signal: AbortSignal): Promise<void> => {
  let containerId: string | null = null
  const images = imageWork(work)
  const bringUp = async (image: string) => {
    if (work.starts.full) await starting(work, replica.replicaId, 'Waiting for other starts')
    const release = await work.starts.acquire(signal)
    try {
      const reason = 'Starting container'
      void starting(work, replica.replicaId, reason, mayWaitMs.starting)
      containerId = await work.engine.create(specOf(work.nodeId, replica, image))
      // A container that nobody remembers is found by its labels.
      const made = reportOf(work, replica.replicaId, { status: 'starting', reason, containerId })
      void work.remember(made, mayWaitMs.starting)
      // Made meanwhile, but nothing runs that a restart of the agent would not know to be wanted.
      await work.saved()
      signal.throwIfAborted()
      await work.engine.start(containerId, signal)
    } finally {
      release()
    }
  }
  try {
    const content = await contentOf(images, replica, signal)
    await bringUp(exactImage(replica, content)).catch(async (error: unknown) => {
      if (containerId !== null || !isMissing(error)) throw error
      await bringUp(await obtainImage(images, replica, content, signal))
    })
  } catch (error) {
    const found = containerId === null ? null : await work.look(containerId).catch(() => null)
    if (signal.aborted || !(error instanceof EngineError) || error.kind === 'unreachable') throw error
    const words = engineMessage(error.message, replica.env)
    return fail(work, replica.replicaId, containerId, { words, exitCode: found?.exitCode ?? null })
  }
  if (containerId !== null) await supervise(work, replica, containerId, signal, { wasStarted: true })
}

/** Nearly always the image: what else a container needs is found out by its start. */
const isMissing = (error: unknown): boolean => error instanceof EngineError && error.httpStatus === 404

/** Ended with its engine or its machine. That is no failure of its own, and costs it no pause. */
const revive = async (
  work: Work,
  { replica, container }: { replica: DesiredReplica; container: SeenContainer },
  signal: AbortSignal,
): Promise<void> => {
  const reported = work.reported(replica.replicaId)
  if (reported?.status === 'running')
    await interrupt(work, replica.replicaId, {
      reason: 'Ended with the engine or its machine',
      containerId: container.id,
    })
  const reason = 'Started again after the engine or its machine restarted'
  await startAgain(work, { replica, container, reason }, signal)
}

/** It ended by itself, or its health check fails, and the pause is over. */
const restart = async (
  work: Work,
  { replica, container }: { replica: DesiredReplica; container: SeenContainer },
  signal: AbortSignal,
): Promise<void> => {
  const { replicaId } = replica
  const found = await work.look(container.id)
  const startedAt = work.reported(replicaId)?.startedAt ?? null
  if (found?.state === 'running' && found.health === 'unhealthy') {
    const reason = `Restarting: ${wordsOfCheck(checkOutputOf(replica, found))}`
    // A restart that the agent does not live to see goes on at once.
    await interrupt(work, replicaId, { reason, containerId: found.id, startedAt: found.startedAt, restartInMs: 0 })
    await work.engine.stop(found.id, work.stopGraceSeconds)
    return startAgain(work, { replica, container }, signal)
  }
  // Somebody started it meanwhile, and it ended again: that is another end, with words of its own.
  if (found?.state === 'exited' && found.startedAt === startedAt)
    return startAgain(work, { replica, container }, signal)
  await supervise(work, replica, container.id, signal)
}

/** The container has its environment and all else that it was made with: it needs no more than a start. */
const startAgain = async (
  work: Work,
  { replica, container, reason }: { replica: DesiredReplica; container: SeenContainer; reason?: string },
  signal: AbortSignal,
): Promise<void> => {
  const { replicaId } = replica
  const release = await work.starts.acquire(signal)
  try {
    await work.engine.start(container.id, signal)
  } catch (error) {
    if (signal.aborted || !(error instanceof EngineError) || error.kind === 'unreachable') throw error
    const startedAt = work.reported(replicaId)?.startedAt ?? null
    const tried = withRestart(work.record(replicaId))
    return endOrWait(work, replica, {
      containerId: container.id,
      words: engineMessage(error.message, replica.env),
      exitCode: null,
      startedAt,
      tried,
    })
  } finally {
    release()
  }
  await supervise(work, replica, container.id, signal, {
    ...(reason === undefined ? {} : { reason }),
    wasStarted: true,
  })
}

const withRestart = (record: RestartRecord): RestartRecord => ({
  ...record,
  restarts: record.restarts + 1,
  inARow: record.inARow + 1,
})

const withInterruption = (record: RestartRecord): RestartRecord => ({
  ...record,
  interruptions: record.interruptions + 1,
})

/** Tells that its container does not run any more, and is on its way to. */
const interrupt = (work: Work, replicaId: string, news: Omit<News, 'status'>): Promise<void> =>
  work.submit(
    reportOf(work, replicaId, { restarts: withInterruption(work.record(replicaId)), ...news, status: 'starting' }),
  )

/** Its container is there: brings it on if it never started, and tells how it is. */
const supervise = async (
  work: Work,
  replica: DesiredReplica,
  containerId: string,
  signal: AbortSignal,
  { reason, wasStarted = false }: { reason?: string; wasStarted?: boolean } = {},
): Promise<void> => {
  const found = await work.look(containerId)
  // Gone meanwhile: the next reconciliation knows.
  if (!found) return
  switch (found.state) {
    case 'created': {
      if (!wasStarted) return startReplica(work, replica, signal)
      const words = 'the engine says that it started the container, and the container has not started'
      await starting(work, replica.replicaId, words)
      throw new EngineError('refused', words)
    }
    case 'exited':
    case 'stopping':
    case 'removing':
      return settle(work, replica, found)
    case 'running':
      return reportRunning(work, replica, found, reason)
    case 'paused':
    case 'restarting':
    case 'unknown':
      return reportStandstill(work, replica.replicaId, found, found.state)
  }
}

const reportRunning = async (
  work: Work,
  replica: DesiredReplica,
  found: InspectedContainer,
  reason: string | undefined,
): Promise<void> => {
  const { replicaId } = replica
  const reported = work.reported(replicaId)
  const record = recordOfRun(work, replicaId, found)
  const about = { containerId: found.id, health: found.health, ports: found.ports, startedAt: found.startedAt }
  if (found.health !== 'unhealthy') {
    const words = reason ?? wordsOfRun(reported, found, record)
    const report = reportOf(work, replicaId, { status: 'running', reason: words, ...about, restarts: record })
    return work.submit(report, runningMayWaitMs(work))
  }
  const ranMs = found.startedAt === null ? 0 : work.clock.now() - Date.parse(found.startedAt)
  const after = afterRun(record, { ranMs, byCheck: true })
  const restartInMs = restartDelayMs(after)
  const output = checkOutputOf(replica, found)
  const words = wordsOfCheck(output)
  const checkOutput = output === '' ? null : output
  await work.submit(
    reportOf(work, replicaId, {
      status: 'running',
      reason: words,
      ...about,
      restarts: after,
      // As it was told first: looking again must not put off the restart.
      restartInMs:
        reported?.health === 'unhealthy' && reported.startedAt === found.startedAt ? reported.restartInMs : restartInMs,
      checkOutput,
    }),
  )
  if (restartInMs !== null) return
  await work.keepLog(replicaId, found.id).catch(() => undefined)
  await work.engine.stop(found.id, work.stopGraceSeconds)
  await fail(work, replicaId, found.id, { words, exitCode: null, startedAt: found.startedAt })
}

/** What ran before it was interrupted, and has another start now, was started again. */
const recordOfRun = (work: Work, replicaId: string, found: InspectedContainer): RestartRecord => {
  const reported = work.reported(replicaId)
  const record = work.record(replicaId)
  const wasWell = record.wasWell || found.health === 'healthy'
  const again = reported?.status === 'starting' && record.interruptions > 0 && reported.startedAt !== found.startedAt
  if (!again) return { ...record, wasWell }
  // A pause belongs to every restart but one for which its machine or somebody else is the reason.
  return reported.restartInMs === null
    ? { ...record, wasWell, restarts: record.restarts + 1 }
    : { ...withRestart(record), wasWell }
}

const wordsOfRun = (
  reported: ReplicaReport | undefined,
  found: InspectedContainer,
  { restarts }: RestartRecord,
): string => {
  if (reported?.status === 'running' && reported.startedAt === found.startedAt)
    return reported.health === 'unhealthy' ? 'Its health check passes again' : reported.reason
  if (reported?.standstill === 'paused' && reported.startedAt === found.startedAt) return 'Running again after a pause'
  return restarts > 0 ? `Running again (restart ${restarts})` : 'Container is running'
}

const checkOutputOf = (replica: DesiredReplica, found: InspectedContainer): string =>
  engineMessage(found.checkOutput, envOf(replica, found))

const wordsOfCheck = (output: string): string =>
  output === '' ? 'Its health check fails' : `Its health check fails: ${output}`

const standstillMessage: Record<Standstill, string> = {
  paused: 'Paused on the node by somebody else',
  restarting: 'Restarted by its engine, as somebody else told it to',
  unknown: 'Its engine shows it in a state that is not known here',
}

/** Whoever did it knows why: it is shown, and nothing is done against it. */
const reportStandstill = (
  work: Work,
  replicaId: string,
  found: InspectedContainer,
  standstill: Standstill,
): Promise<void> => {
  const reported = work.reported(replicaId)
  if (reported?.standstill === standstill) return Promise.resolve()
  const news = { reason: standstillMessage[standstill], containerId: found.id, startedAt: found.startedAt, standstill }
  return interrupt(work, replicaId, news)
}

/** It ended by itself, or somebody else ends it: its words are read, and it is started again or removed. */
const settle = async (work: Work, replica: DesiredReplica, container: SeenContainer): Promise<void> => {
  const { replicaId } = replica
  const found = await lookAtEnd(work, container.id)
  if (!found) return
  const words = await wordsOfEnd(work, found, replica)
  // Nice to have: an engine that does not hand them out must not hold up the rest.
  await work.keepLog(replicaId, found.id).catch(() => undefined)
  const { exitCode, startedAt, id: containerId } = found
  // Engines start nothing whose removal began.
  if (found.state !== 'exited') return fail(work, replicaId, containerId, { words, exitCode, startedAt })
  const ranMs = Date.parse(found.finishedAt ?? '') - Date.parse(startedAt ?? '')
  // A run of which nobody saw that it runs ends here, too: it may be the first one or one after a restart.
  const tried = afterRun(recordOfRun(work, replicaId, found), { ranMs: ranMs || 0, byCheck: false })
  await endOrWait(work, replica, { containerId, words, exitCode, startedAt, tried })
}

/** It is started again after a pause, or had its tries. */
const endOrWait = (
  work: Work,
  { replicaId }: DesiredReplica,
  end: {
    containerId: string
    words: string
    exitCode: number | null
    startedAt: string | null
    tried: RestartRecord
  },
): Promise<void> => {
  const { containerId, words, exitCode, startedAt, tried } = end
  const restarts = withInterruption(tried)
  const restartInMs = restartDelayMs(restarts)
  if (restartInMs === null) return fail(work, replicaId, containerId, { words, exitCode, startedAt, restarts })
  return interrupt(work, replicaId, { reason: words, containerId, exitCode, startedAt, restarts, restartInMs })
}

/** Null when it is gone, or runs after all. A stop that somebody began is brought to its end. */
const lookAtEnd = async (work: Work, containerId: string): Promise<InspectedContainer | null> => {
  let found = await work.look(containerId)
  if (found?.state === 'stopping') {
    await work.engine.stop(containerId, work.stopGraceSeconds)
    found = await work.look(containerId)
  }
  return found?.state === 'exited' || found?.state === 'stopping' || found?.state === 'removing' ? found : null
}

/** Stops it politely, removes it, and tells that it is gone. */
const stopReplica = async (work: Work, replicaId: string, container: SeenContainer): Promise<void> => {
  const base = { containerId: container.id }
  // A paused one takes no signal: it goes by force.
  if (container.state === 'running' || container.state === 'stopping') {
    void work.submit(reportOf(work, replicaId, { ...base, status: 'stopping', reason: 'Stopping container' }))
    await work.engine.stop(container.id, work.stopGraceSeconds)
  }
  const ended = await work.look(container.id)
  const exitCode = ended?.exitCode ?? null
  const startedAt = ended?.startedAt ?? work.reported(replicaId)?.startedAt ?? null
  const reason = exitCode === null ? 'Container removed' : `Stopped with code ${exitCode}`
  const stopped = reportOf(work, replicaId, { ...base, status: 'stopped', reason, exitCode, startedAt })
  await work.remember(stopped)
  await removeEnded(work, stopped, container.id)
}

/** Nothing is left of it. Its end keeps the words with which it was told; without any it is simply stopped. */
const reportGone = async (work: Work, replicaId: string): Promise<void> => {
  const reported = work.reported(replicaId)
  const ended = reported && (reported.status === 'failed' || reported.status === 'stopped')
  await work.submit(
    ended
      ? { ...reported, reason: wordsOnly(reported.reason), gone: true }
      : reportOf(work, replicaId, { status: 'stopped', reason: 'No container on this node', gone: true }),
  )
}

/** What was left of a told end, or a second container of a replica. */
const removeContainer = async (work: Work, container: SeenContainer, why: string): Promise<void> => {
  if (why === 'duplicate') await work.engine.stop(container.id, work.stopGraceSeconds)
  const reported = work.reported(container.replicaId)
  if (why === 'ended' && reported) return removeEnded(work, reported, container.id)
  await work.engine.remove(container.id)
  await work.look(container.id)
}

/**
 * Removes the container of a replica whose end is known, and tells the end. A container that is still there afterwards is
 * told of in the engine's words, and the removal is tried again for as long as it takes: until then its reservation
 * stays.
 */
const removeEnded = async (work: Work, end: ReplicaReport, containerId: string): Promise<void> => {
  const ended = { ...end, reason: wordsOnly(end.reason) }
  let refusal: EngineError | null = null
  const isGone = async () => {
    await work.engine.remove(containerId).catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.kind === 'unreachable') throw error
      refusal = error
    })
    return (await work.look(containerId)) === null
  }
  const gone = await isGone().catch(async (error: unknown) => {
    await work.submit(ended)
    throw error
  })
  if (gone) return work.submit({ ...ended, gone: true })
  const still = refusal ?? new EngineError('refused', 'its removal is not finished')
  await work.submit({ ...ended, reason: `${ended.reason}${notRemoved}${still.message}` })
  throw still
}

const notRemoved = '. The engine has not removed the container: '

/** The reason of an end without what was told of a removal that did not work. */
const wordsOnly = (reason: string): string => {
  const at = reason.indexOf(notRemoved)
  return at < 0 ? reason : reason.slice(0, at)
}

/** The engine doesn't show its container any more: looks once more before believing it. */
const reportVanished = async (work: Work, replicaId: string, containerId: string): Promise<void> => {
  if ((await work.look(containerId)) !== null) return
  const reason = 'its container was removed from the engine by somebody else'
  await work.submit(reportOf(work, replicaId, { status: 'failed', reason, gone: true }))
}

const fail = async (
  work: Work,
  replicaId: string,
  containerId: string | null,
  end: { words: string; exitCode: number | null; startedAt?: string | null; restarts?: RestartRecord },
): Promise<void> => {
  const { words, exitCode, startedAt = null, restarts = work.record(replicaId) } = end
  const failed = reportOf(work, replicaId, {
    status: 'failed',
    reason: words,
    exitCode,
    startedAt,
    containerId,
    restarts,
  })
  if (containerId === null) return work.submit({ ...failed, gone: true })
  // On the disk before the container goes: after a crash nothing else would know why it ended.
  await work.remember(failed)
  await removeEnded(work, failed, containerId)
}

/** Only what is missing is pulled, unless it is to be looked up anew: images that exist on the node alone need no registry. */
const pullMissing = async (
  work: Work,
  { replica, image, anew }: { replica: DesiredReplica; image: string; anew: boolean },
  signal: AbortSignal,
): Promise<void> => {
  const { replicaId } = replica
  if (work.pulls.full) await starting(work, replicaId, `Waiting to pull ${image}`)
  const release = await work.pulls.acquire(signal)
  let cancel = () => {}
  const wait = () => {
    cancel()
    cancel = work.clock.after(work.pullGraceMs, release)
  }
  try {
    // Another replica may have pulled it while this one waited.
    if (!anew && (await work.engine.image(image))) return
    void starting(work, replicaId, `Pulling ${image}`)
    wait()
    const before = await work.engine.image(image)
    await work.engine.pull(image, { signal, onProgress: wait })
    const after = await work.engine.image(image)
    // Else it was somebody else's, with whatever names they gave it.
    if (after !== null && after.imageId !== before?.imageId) {
      const byDigest = after.digest === null ? [] : [imageWithDigest(image, after.digest)]
      await work.pulled([...new Set(before === null ? [image, ...byDigest] : byDigest)], replica)
    }
  } finally {
    cancel()
    release()
  }
}

/** How much of the last line of a program, or of its health check, stands in a status. */
const shownOfLine = 300

/** A restarted agent that is cut off has no environments: the container knows its own. */
const envOf = (replica: DesiredReplica, found: InspectedContainer): Record<string, string> =>
  Object.keys(replica.env).length > 0 ? replica.env : found.env

const wordsOfEnd = async (work: Work, ended: InspectedContainer, replica: DesiredReplica): Promise<string> => {
  const env = envOf(replica, ended)
  const { memoryMb } = replica
  if (ended.state === 'removing') return 'its container is being removed from the engine by somebody else'
  if (ended.state === 'stopping') return 'its container is being stopped by somebody else, and does not end'
  if (ended.oomKilled)
    return `OOM-killed at its memory limit of ${memoryText(memoryMb)} (exit code ${ended.exitCode ?? 137})`
  if (ended.error) return engineMessage(ended.error, env)
  const line = await work.engine.lastLogLine(ended.id).catch(() => null)
  return `exited with code ${ended.exitCode ?? 'unknown'}${line ? `: ${engineMessage(line, env, shownOfLine)}` : ''}`
}

const specOf = (nodeId: string, replica: DesiredReplica, image: string): ContainerSpec => ({
  name: containerName(replica),
  image,
  reference: replica.image,
  env: replica.env,
  cpuMillis: replica.cpuMillis,
  memoryMb: replica.memoryMb,
  gpuUnits: replica.gpuUnits,
  ports: replica.ports,
  labels: {
    [containerLabels.managed]: 'true',
    [containerLabels.node]: nodeId,
    [containerLabels.deployment]: replica.deploymentId,
    [containerLabels.deploymentName]: replica.deploymentName,
    [containerLabels.replica]: replica.replicaId,
    [containerLabels.slot]: String(replica.slot),
    [containerLabels.generation]: String(replica.generation),
    [containerLabels.image]: replica.image,
  },
})
