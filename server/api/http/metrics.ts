import { TRPCError } from '@trpc/server'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { behindMessage } from '@/core/agents/intake-state'
import type { Services } from '@/server/api/context/context'
import { localMark } from '@/server/lib/inside-headers'
import { fleetCounts } from '@/server/store/insight/counts'
import { leaderState } from '@/server/store/leader/leadership'
import { openProtections } from '@/server/store/node-loss/outage-protection'
import { intakeState } from '@/server/store/nodes/report-intake'
import { channelCounts } from '@/server/store/notifications/deliveries'
import { type Problem, problemOf, problemResponse } from './problem'
import { contextOfRequest } from './request-context'

interface Metrics {
  registry: Registry
  deployments: Gauge<'status'>
  replicas: Gauge<'status'>
  nodes: Gauge<'status'>
  evaluations: Gauge<'status'>
  oldestEvaluation: Gauge
  outageProtections: Gauge<'region'>
  outageOffline: Gauge<'region'>
  channelFailing: Gauge<'channel'>
  channelWaiting: Gauge<'channel'>
  delivered: Gauge<'channel'>
  undelivered: Gauge<'channel'>
  behind: Gauge
  heartbeatDelay: Gauge
  reportDelay: Gauge
  callsWaiting: Gauge<'kind'>
  leader: Gauge
  epoch: Gauge
  replaysChecked: Gauge
  replaysMismatched: Gauge
}

const shared = globalThis as typeof globalThis & { fogdeckMetrics?: Metrics }

function create(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'fogdeck_web_' })
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Gauge<L>({ name: `fogdeck_${name}`, help, labelNames, registers: [registry] })
  return {
    registry,
    deployments: gauge('deployments', 'Deployments by status', ['status']),
    replicas: gauge('replicas', 'Replicas that hold a reservation, by status', ['status']),
    nodes: gauge('nodes', 'Nodes by status', ['status']),
    evaluations: gauge('evaluations', 'Evaluations that are not done, by status', ['status']),
    oldestEvaluation: gauge('oldest_due_evaluation_seconds', 'Age of the oldest evaluation that is due', []),
    outageProtections: gauge(
      'outage_protection_active',
      '1 while outage protection holds the region, 0 once somebody overrode it; absent when there is no outage',
      ['region'],
    ),
    outageOffline: gauge(
      'outage_protection_offline_nodes',
      'Offline nodes of regions whose outage protection is active',
      ['region'],
    ),
    channelFailing: gauge(
      'notification_channel_failing',
      '1 while a channel does not take its messages: alarm by another way; absent while it is paused',
      ['channel'],
    ),
    channelWaiting: gauge('notification_events_waiting', 'Events that were not delivered yet, as of the last attempt', [
      'channel',
    ]),
    delivered: gauge('notification_messages_delivered_total', 'Messages that a channel took', ['channel']),
    undelivered: gauge('notification_attempts_failed_total', 'Attempts at a message that failed', ['channel']),
    behind: gauge(
      'control_plane_behind',
      '1 while heartbeats or reports are recorded late, or agents have not had their full time since none were taken',
      [],
    ),
    heartbeatDelay: gauge('heartbeat_delay_seconds', 'How late heartbeats are recorded, over all web servers', []),
    reportDelay: gauge('report_delay_seconds', 'How late reports of replicas are recorded, over all web servers', []),
    callsWaiting: gauge('web_agent_calls_waiting', 'Calls of agents that wait for this web server to record them', [
      'kind',
    ]),
    leader: gauge('scheduler_leader_present', '1 while a scheduler leads', []),
    epoch: gauge('scheduler_epoch', 'How often a scheduler was elected', []),
    replaysChecked: gauge('decision_replays_checked_total', 'Stored decisions that were replayed', []),
    replaysMismatched: gauge(
      'decision_replays_mismatched_total',
      'Replayed decisions that came out otherwise: alarm when above 0',
      [],
    ),
  }
}

/** Renders the metrics for Prometheus; the gauges of the fleet are read from the database. */
export async function renderMetrics({ store, inbox }: Services): Promise<{ body: string; contentType: string }> {
  shared.fogdeckMetrics ??= create()
  const metrics = shared.fogdeckMetrics
  const [counts, leader, protections, channels, intake] = await Promise.all([
    fleetCounts(store),
    leaderState(store),
    openProtections(store),
    channelCounts(store),
    intakeState(store),
  ])
  for (const name of ['deployments', 'replicas', 'nodes', 'evaluations'] as const) {
    metrics[name].reset()
    for (const [status, count] of Object.entries(counts[name])) metrics[name].set({ status }, count)
  }
  metrics.outageProtections.reset()
  metrics.outageOffline.reset()
  for (const { region, offline, overridden } of protections) {
    metrics.outageProtections.set({ region }, overridden ? 0 : 1)
    metrics.outageOffline.set({ region }, offline)
  }
  for (const name of ['channelFailing', 'channelWaiting', 'delivered', 'undelivered'] as const) metrics[name].reset()
  for (const { name: channel, failing, paused, waiting, delivered, failed } of channels) {
    if (!paused) metrics.channelFailing.set({ channel }, failing ? 1 : 0)
    metrics.channelWaiting.set({ channel }, waiting)
    metrics.delivered.set({ channel }, delivered)
    metrics.undelivered.set({ channel }, failed)
  }
  metrics.behind.set(behindMessage(intake) === null ? 0 : 1)
  metrics.heartbeatDelay.set(intake.heartbeatDelaySeconds ?? 0)
  metrics.reportDelay.set(intake.reportDelaySeconds ?? 0)
  for (const [kind, count] of Object.entries(inbox.waiting())) metrics.callsWaiting.set({ kind }, count)
  metrics.oldestEvaluation.set(counts.oldestDueEvaluationSeconds)
  metrics.leader.set(leader.present ? 1 : 0)
  metrics.epoch.set(Number(leader.epoch))
  metrics.replaysChecked.set(leader.replaysChecked)
  metrics.replaysMismatched.set(leader.replaysMismatched)
  return { body: await metrics.registry.metrics(), contentType: metrics.registry.contentType }
}

/** GET /api/metrics: for programs on this machine, and for anybody with a token. */
export async function handleMetrics(services: Services, request: Request): Promise<Response> {
  if (!request.headers.has(localMark)) {
    const problem = await refusedCaller(services, request)
    if (problem !== null) return problemResponse(problem)
  }
  const { body, contentType } = await renderMetrics(services)
  return new Response(body, { headers: { 'content-type': contentType } })
}

async function refusedCaller(services: Services, request: Request): Promise<Problem | null> {
  try {
    const { actor, refusal } = await contextOfRequest(services, request, { resHeaders: new Headers() })
    if (actor) return null
    const hint =
      'send an API token of scope viewer (Authorization: Bearer …); without one, metrics are for this machine only'
    return { status: 401, detail: refusal ?? `Sign in first: ${hint}` }
  } catch (error) {
    if (error instanceof TRPCError) return problemOf(error)
    throw error
  }
}
