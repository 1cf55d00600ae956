import type { LiveChange } from '@/core/views/live'

/** The changes of a short period, merged. */
export class Changes {
  private everything = false
  private readonly topics = new Map<LiveChange['topic'], Set<string> | 'any'>()

  add(change: LiveChange): void {
    if (change.topic === 'hello') this.everything = true
    const old = this.topics.get(change.topic)
    if (change.ids.length === 0 || old === 'any') this.topics.set(change.topic, 'any')
    else this.topics.set(change.topic, new Set([...(old ?? []), ...change.ids]))
  }

  get empty(): boolean {
    return this.topics.size === 0
  }

  /** Whether the changes affect a page that shows `id`, or anything of the topic when `id` is omitted. */
  touches(topic: LiveChange['topic'], id?: unknown): boolean {
    if (this.everything) return true
    const ids = this.topics.get(topic)
    if (ids === undefined) return false
    return ids === 'any' || id === undefined || (typeof id === 'string' && ids.has(id))
  }
}

type InvalidationRule = (changes: Changes, input: Record<string, unknown>) => boolean

const ofDeployment: InvalidationRule = (changes, input) => changes.touches('deployment', input.id)

/** Every audited action changes one of these. */
const auditedTopics = ['deployment', 'node', 'user', 'session', 'token', 'setting', 'scheduler'] as const

/** For each query, whether given changes invalidate its data. */
const rules: Record<string, InvalidationRule> = {
  'deployment.page': (changes) => changes.touches('deployment'),
  'deployment.detail': ofDeployment,
  'deployment.timeline': ofDeployment,
  'deployment.decisions': ofDeployment,
  'deployment.revisions': ofDeployment,
  // Decisions are immutable.
  'decision.get': () => false,
  'decision.explain': () => false,
  'overview.get': (changes) => changes.touches('node') || changes.touches('deployment'),
  'event.page': (changes) =>
    changes.touches('deployment') || changes.touches('node') || changes.touches('user') || changes.touches('token'),
  'decision.page': (changes) => changes.touches('deployment'),
  'decision.whatIf': () => false,
  'decision.replay': () => false,
  'placement.rankDecision': () => false,
  'placement.rank': (changes) => changes.touches('node') || changes.touches('deployment'),
  // The past is immutable; without a time these queries show the present.
  'history.fleetAt': (changes, input) => input.at === undefined && changes.touches('node'),
  'history.deploymentAt': (changes, input) =>
    input.at === undefined && (ofDeployment(changes, input) || changes.touches('node')),
  'history.marks': () => false,
  'history.near': () => false,
  'history.bounds': () => false,
  'settings.get': (changes) => changes.touches('setting'),
  'placement.preview': (changes) => changes.touches('node') || changes.touches('deployment'),
  'deployment.previewUpdate': (changes) => changes.touches('node') || changes.touches('deployment'),
  'node.page': (changes) => changes.touches('node'),
  'node.map': (changes) => changes.touches('node'),
  'node.facets': (changes) => changes.touches('node'),
  'node.find': (changes) => changes.touches('node'),
  // Lists replicas, which change with their deployments.
  'node.get': (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
  'node.drainPreview': (changes) => changes.touches('node') || changes.touches('deployment'),
  // Recomputed only on request, because an outcome must not change while it is read.
  'drill.run': () => false,
  'drill.explain': () => false,
  'drill.weakest': () => false,
  'drill.places': (changes) => changes.touches('node'),
  'node.drainProgress': (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
  'queue.list': (changes) => changes.touches('deployment'),
  'node.returns': (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
  'outage.list': (changes) => changes.touches('scheduler'),
  'intake.behind': (changes) => changes.touches('scheduler'),
  'outage.moves': (changes) => changes.touches('scheduler') || changes.touches('deployment'),
  'me.get': (changes) => changes.touches('user'),
  'user.list': (changes) => changes.touches('user') || changes.touches('session'),
  'me.sessions': (changes) => changes.touches('session'),
  'user.sessions': (changes, input) => changes.touches('session', input.id),
  'notification.list': (changes) => changes.touches('setting'),
  'audit.page': (changes) => auditedTopics.some((topic) => changes.touches(topic)),
  'apiToken.list': (changes) => changes.touches('token') || changes.touches('user'),
  'apiToken.listAll': (changes) => changes.touches('token') || changes.touches('user'),
  'joinToken.list': (changes) => changes.touches('token') || changes.touches('node'),
}

/**
 * Minimum age of data before it is loaded again, in ms: for large results and those that change with every heartbeat.
 */
const minimumAgeMs: Record<string, number> = {
  'node.page': 2000,
  'node.map': 5000,
  'history.fleetAt': 5000,
  'overview.get': 2000,
  'event.page': 1000,
  'audit.page': 2000,
  // Filter options change when nodes join, not with their heartbeats.
  'node.facets': 20_000,
  'node.find': 5000,
  'drill.places': 20_000,
  'node.get': 1000,
  'node.returns': 2000,
  'placement.preview': 2000,
  'deployment.previewUpdate': 2000,
  'node.drainPreview': 2000,
  'placement.rank': 2000,
}

export const minimumAge = (queryKey: readonly unknown[]): number => minimumAgeMs[pathOf(queryKey)] ?? 400

/** tRPC's keys are [['node', 'get'], { input: { id }, type: 'query' }]. */
function pathOf(queryKey: readonly unknown[]): string {
  const path = queryKey[0]
  return Array.isArray(path) ? path.join('.') : ''
}

function inputOf(queryKey: readonly unknown[]): Record<string, unknown> {
  const options = queryKey[1]
  const input = typeof options === 'object' && options !== null && 'input' in options ? options.input : undefined
  return typeof input === 'object' && input !== null ? { ...input } : {}
}

/** Whether changes invalidate a query. Queries without a rule are always invalidated, to be safe. */
export function isInvalidated(queryKey: readonly unknown[], changes: Changes): boolean {
  const rule = rules[pathOf(queryKey)]
  return rule ? rule(changes, inputOf(queryKey)) : true
}
