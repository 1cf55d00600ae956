/**
 * Carries out the actions of reconcile.ts for one replica, step by step on the engine. Each function ends with the
 * outcome reported, or throws: an EngineError when the engine is unreachable (the action is tried again later), or the
 * signal's reason when the action was aborted.
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
  /** Limits how many images are pulled and how many containers are started at once. */
  pulls: Slots
  starts: Slots
  /** Seconds between SIGTERM and SIGKILL. */
  stopGraceSeconds: number
  /** After this long without progress a pull frees its slot for the next one, and continues. */
  pullGraceMs: number
  /** The newest report on the replica. */
  reported(replicaId: string): ReplicaReport | undefined
  /** The replica's restart record, from this agent or else from the control plane. */
  record(replicaId: string): RestartRecord
  /**
   * Reports to the control plane if anything changed, and persists the report. With `mayWaitMs` both may be delayed by
   * that many milliseconds, to be batched with what follows; otherwise the report is on the disk when the promise
   * resolves.
   */
  submit(report: ReplicaReport, mayWaitMs?: number): Promise<void>
  /** Persists a report without sending it. */
  persist(report: ReplicaReport, mayWaitMs?: number): Promise<void>
  /** Resolves when the desired state is on the disk, or could not be written: a full disk must not stop a node. */
  saved(): Promise<void>
  /** Inspects a container and updates the engine view. */
  inspect(containerId: string): Promise<InspectedContainer | null>
  /** Sends the last lines of a container that failed, before it is removed. */
  keepLog(replicaId: string, containerId: string): Promise<void>
  /** The newest image that the control plane reported for a replica's revision. */
  imageOf: ImageWork['imageOf']
  imageNews: ImageWork['imageNews']
  resolveImage: ImageWork['resolveImage']
  sharedImage: ImageWork['sharedImage']
  /** Records that the agent pulled an image that was missing, so that it may remove it by these names later. */
  pulled(names: string[], replica: DesiredReplica): Promise<void>
}

const imageWork = (work: Work): ImageWork => ({
  ...work,
  pull: (replica, image, signal, options) =>
    pullMissing(work, { replica, image, anew: options?.anew ?? false }, signal),
  starting: (replicaId, reason) => starting(work, replicaId, reason),
})

/**
 * While containers start, every call and every write competes with them for processor and disk. A report of "starting"
 * is nearly always followed by its outcome, so it can wait. Reports of "running" are batched while other starts are
 * under way, and longer while starts are queued.
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

/**
 * Creates the container (pulling the image first if it is missing), starts it, and reports `running` once it was seen
 * running.
 */
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
      // The report may be lost: an unknown container is found by its labels.
      const made = reportOf(work, replica.replicaId, { status: 'starting', reason, containerId })
      void work.persist(made, mayWaitMs.starting)
      // The container is created while the desired state is being saved, but it starts only afterwards: a restarted
      // agent must know that everything that runs is desired.
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
    const found = containerId === null ? null : await work.inspect(containerId).catch(() => null)
    if (signal.aborted || !(error instanceof EngineError) || error.kind === 'unreachable') throw error
    const text = engineMessage(error.message, replica.env)
    return fail(work, replica.replicaId, containerId, { text, exitCode: found?.exitCode ?? null })
  }
  if (containerId !== null) await supervise(work, replica, containerId, signal, { wasStarted: true })
}

/** Assumes that a 404 is about the image: anything else that is missing shows when the container starts. */
const isMissing = (error: unknown): boolean => error instanceof EngineError && error.httpStatus === 404

/**
 * Restarts a container that ended with its engine or machine. This is no failure of the replica, so there is no
 * backoff.
 */
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

/** Restarts a container that exited or fails its health check, once its backoff is over. */
const restart = async (
  work: Work,
  { replica, container }: { replica: DesiredReplica; container: SeenContainer },
  signal: AbortSignal,
): Promise<void> => {
  const { replicaId } = replica
  const found = await work.inspect(container.id)
  const startedAt = work.reported(replicaId)?.startedAt ?? null
  if (found?.state === 'running' && found.health === 'unhealthy') {
    const reason = `Restarting: ${outputOfCheck(checkOutputOf(replica, found))}`
    // `restartInMs` is 0, so that a new agent process continues at once if this one dies during the restart.
    await interrupt(work, replicaId, { reason, containerId: found.id, startedAt: found.startedAt, restartInMs: 0 })
    await work.engine.stop(found.id, work.stopGraceSeconds)
    return startAgain(work, { replica, container }, signal)
  }
  // A different start time means that somebody started the container meanwhile and it exited again: supervise handles
  // that as a new exit.
  if (found?.state === 'exited' && found.startedAt === startedAt)
    return startAgain(work, { replica, container }, signal)
  await supervise(work, replica, container.id, signal)
}

/** Starts the same container again. It still has its environment and settings, so nothing is created. */
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
      text: engineMessage(error.message, replica.env),
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

/** Reports that the container is not running, but will run again. */
const interrupt = (work: Work, replicaId: string, news: Omit<News, 'status'>): Promise<void> =>
  work.submit(
    reportOf(work, replicaId, { restarts: withInterruption(work.record(replicaId)), ...news, status: 'starting' }),
  )

/** Starts an existing container if it never started, and reports its state. */
const supervise = async (
  work: Work,
  replica: DesiredReplica,
  containerId: string,
  signal: AbortSignal,
  { reason, wasStarted = false }: { reason?: string; wasStarted?: boolean } = {},
): Promise<void> => {
  const found = await work.inspect(containerId)
  // The container has gone meanwhile; the next reconciliation handles that.
  if (!found) return
  switch (found.state) {
    case 'created': {
      if (!wasStarted) return startReplica(work, replica, signal)
      const text = 'the engine says that it started the container, and the container has not started'
      await starting(work, replica.replicaId, text)
      throw new EngineError('refused', text)
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
    const text = reason ?? messageOfRun(reported, found, record)
    const report = reportOf(work, replicaId, { status: 'running', reason: text, ...about, restarts: record })
    return work.submit(report, runningMayWaitMs(work))
  }
  const ranMs = found.startedAt === null ? 0 : work.clock.now() - Date.parse(found.startedAt)
  const after = afterRun(record, { ranMs, byCheck: true })
  const restartInMs = restartDelayMs(after)
  const output = checkOutputOf(replica, found)
  const text = outputOfCheck(output)
  const checkOutput = output === '' ? null : output
  await work.submit(
    reportOf(work, replicaId, {
      status: 'running',
      reason: text,
      ...about,
      restarts: after,
      // Keeps the delay that was reported first: another inspection must not postpone the restart.
      restartInMs:
        reported?.health === 'unhealthy' && reported.startedAt === found.startedAt ? reported.restartInMs : restartInMs,
      checkOutput,
    }),
  )
  if (restartInMs !== null) return
  await work.keepLog(replicaId, found.id).catch(() => undefined)
  await work.engine.stop(found.id, work.stopGraceSeconds)
  await fail(work, replicaId, found.id, { text, exitCode: null, startedAt: found.startedAt })
}

/** The restart record of the current run. An interrupted replica with a new start time was restarted. */
const recordOfRun = (work: Work, replicaId: string, found: InspectedContainer): RestartRecord => {
  const reported = work.reported(replicaId)
  const record = work.record(replicaId)
  const wasWell = record.wasWell || found.health === 'healthy'
  const again = reported?.status === 'starting' && record.interruptions > 0 && reported.startedAt !== found.startedAt
  if (!again) return { ...record, wasWell }
  // Only a restart caused by the machine or by another person has no delay, and it doesn't count towards the backoff.
  return reported.restartInMs === null
    ? { ...record, wasWell, restarts: record.restarts + 1 }
    : { ...withRestart(record), wasWell }
}

const messageOfRun = (
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

const outputOfCheck = (output: string): string =>
  output === '' ? 'Its health check fails' : `Its health check fails: ${output}`

const standstillMessage: Record<Standstill, string> = {
  paused: 'Paused on the node by somebody else',
  restarting: 'Restarted by its engine, as somebody else told it to',
  unknown: 'Its engine shows it in a state that is not known here',
}

/**
 * Reports a container that is paused, restarting or in an unknown state. The agent does not intervene: whoever caused
 * this had a reason.
 */
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

/**
 * Handles a container that exited or that somebody else is stopping: records the reason, then schedules a restart or
 * removes the container.
 */
const settle = async (work: Work, replica: DesiredReplica, container: SeenContainer): Promise<void> => {
  const { replicaId } = replica
  const found = await inspectAtEnd(work, container.id)
  if (!found) return
  const text = await messageOfEnd(work, found, replica)
  // The log is optional: an engine that can't return it must not hold up the rest.
  await work.keepLog(replicaId, found.id).catch(() => undefined)
  const { exitCode, startedAt, id: containerId } = found
  // An engine doesn't restart a container whose removal has begun.
  if (found.state !== 'exited') return fail(work, replicaId, containerId, { text, exitCode, startedAt })
  const ranMs = Date.parse(found.finishedAt ?? '') - Date.parse(startedAt ?? '')
  // The run may have ended before it was ever seen running; recordOfRun counts it all the same.
  const tried = afterRun(recordOfRun(work, replicaId, found), { ranMs: ranMs || 0, byCheck: false })
  await endOrWait(work, replica, { containerId, text, exitCode, startedAt, tried })
}

/** Schedules a restart after the backoff, or fails the replica when its retries are exhausted. */
const endOrWait = (
  work: Work,
  { replicaId }: DesiredReplica,
  end: {
    containerId: string
    text: string
    exitCode: number | null
    startedAt: string | null
    tried: RestartRecord
  },
): Promise<void> => {
  const { containerId, text, exitCode, startedAt, tried } = end
  const restarts = withInterruption(tried)
  const restartInMs = restartDelayMs(restarts)
  if (restartInMs === null) return fail(work, replicaId, containerId, { text, exitCode, startedAt, restarts })
  return interrupt(work, replicaId, { reason: text, containerId, exitCode, startedAt, restarts, restartInMs })
}

/** Null when the container is gone or still runs. Completes a stop that somebody else began. */
const inspectAtEnd = async (work: Work, containerId: string): Promise<InspectedContainer | null> => {
  let found = await work.inspect(containerId)
  if (found?.state === 'stopping') {
    await work.engine.stop(containerId, work.stopGraceSeconds)
    found = await work.inspect(containerId)
  }
  return found?.state === 'exited' || found?.state === 'stopping' || found?.state === 'removing' ? found : null
}

/** Stops the container gracefully, removes it, and reports that it is gone. */
const stopReplica = async (work: Work, replicaId: string, container: SeenContainer): Promise<void> => {
  const base = { containerId: container.id }
  // A paused container receives no signals, so it is removed by force.
  if (container.state === 'running' || container.state === 'stopping') {
    void work.submit(reportOf(work, replicaId, { ...base, status: 'stopping', reason: 'Stopping container' }))
    await work.engine.stop(container.id, work.stopGraceSeconds)
  }
  const ended = await work.inspect(container.id)
  const exitCode = ended?.exitCode ?? null
  const startedAt = ended?.startedAt ?? work.reported(replicaId)?.startedAt ?? null
  const reason = exitCode === null ? 'Container removed' : `Stopped with code ${exitCode}`
  const stopped = reportOf(work, replicaId, { ...base, status: 'stopped', reason, exitCode, startedAt })
  await work.persist(stopped)
  await removeEnded(work, stopped, container.id)
}

/**
 * Reports that the replica has no container. A replica that has ended keeps its status and reason; any other is
 * reported as stopped.
 */
const reportGone = async (work: Work, replicaId: string): Promise<void> => {
  const reported = work.reported(replicaId)
  const ended = reported && (reported.status === 'failed' || reported.status === 'stopped')
  await work.submit(
    ended
      ? { ...reported, reason: messageOnly(reported.reason), gone: true }
      : reportOf(work, replicaId, { status: 'stopped', reason: 'No container on this node', gone: true }),
  )
}

/** Removes what remains of a replica whose end was reported, or a duplicate container. */
const removeContainer = async (work: Work, container: SeenContainer, why: string): Promise<void> => {
  if (why === 'duplicate') await work.engine.stop(container.id, work.stopGraceSeconds)
  const reported = work.reported(container.replicaId)
  if (why === 'ended' && reported) return removeEnded(work, reported, container.id)
  await work.engine.remove(container.id)
  await work.inspect(container.id)
}

/**
 * Removes the container of a replica that has ended, and reports the end. If the container is still there afterwards,
 * reports the engine's error and throws, so that the removal is retried; until it works the replica keeps its
 * reservation.
 */
const removeEnded = async (work: Work, end: ReplicaReport, containerId: string): Promise<void> => {
  const ended = { ...end, reason: messageOnly(end.reason) }
  let refusal: EngineError | null = null
  const isGone = async () => {
    await work.engine.remove(containerId).catch((error: unknown) => {
      if (!(error instanceof EngineError) || error.kind === 'unreachable') throw error
      refusal = error
    })
    return (await work.inspect(containerId)) === null
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

/** The reason of an end, without the appended error of a failed removal. */
const messageOnly = (reason: string): string => {
  const at = reason.indexOf(notRemoved)
  return at < 0 ? reason : reason.slice(0, at)
}

/** Reports a container that is no longer listed, after inspecting once more to be sure. */
const reportVanished = async (work: Work, replicaId: string, containerId: string): Promise<void> => {
  if ((await work.inspect(containerId)) !== null) return
  const reason = 'its container was removed from the engine by somebody else'
  await work.submit(reportOf(work, replicaId, { status: 'failed', reason, gone: true }))
}

const fail = async (
  work: Work,
  replicaId: string,
  containerId: string | null,
  end: { text: string; exitCode: number | null; startedAt?: string | null; restarts?: RestartRecord },
): Promise<void> => {
  const { text, exitCode, startedAt = null, restarts = work.record(replicaId) } = end
  const failed = reportOf(work, replicaId, {
    status: 'failed',
    reason: text,
    exitCode,
    startedAt,
    containerId,
    restarts,
  })
  if (containerId === null) return work.submit({ ...failed, gone: true })
  // Saved before the container is removed: after a crash nothing else would know why it ended.
  await work.persist(failed)
  await removeEnded(work, failed, containerId)
}

/** Pulls an image if it is missing or if `anew` is set. Images that exist only on the node need no registry. */
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
    // If the id did not change, the image was already there under names that somebody else gave it, and is not ours to
    // remove.
    if (after !== null && after.imageId !== before?.imageId) {
      const byDigest = after.digest === null ? [] : [imageWithDigest(image, after.digest)]
      await work.pulled([...new Set(before === null ? [image, ...byDigest] : byDigest)], replica)
    }
  } finally {
    cancel()
    release()
  }
}

/** Characters of a program's last log line that go into a status. */
const shownOfLine = 300

/** After a restart without a connection the agent has no environments, but the container has its own. */
const envOf = (replica: DesiredReplica, found: InspectedContainer): Record<string, string> =>
  Object.keys(replica.env).length > 0 ? replica.env : found.env

const messageOfEnd = async (work: Work, ended: InspectedContainer, replica: DesiredReplica): Promise<string> => {
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
