import type { LiveChange } from '@/core/views/live'
import type { AppRouter } from '@/server/api/root'

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

/** The paths of all queries of a router: "node.get". */
type QueryPath<Record> = {
  [Name in keyof Record & string]: Record[Name] extends { _def: { type: infer Type } }
    ? Type extends 'query'
      ? Name
      : never
    : `${Name}.${QueryPath<Record[Name]>}`
}[keyof Record & string]

interface InvalidationRule {
  /** Whether the changes may alter the answer to a query with this input. */
  isStale: (changes: Changes, input: Record<string, unknown>) => boolean
  /** How old an answer must be before it is loaded again, in ms: for large answers and those that change with heartbeats. */
  minimumAgeMs?: number
}

type StaleCheck = InvalidationRule['isStale']

const ofDeployment: StaleCheck = (changes, input) => changes.touches('deployment', input.id)

/** Of queries that no page makes. */
const unused: InvalidationRule = { isStale: () => true }

/** Every audited action changes one of these. */
const auditedTopics = ['deployment', 'node', 'user', 'session', 'token', 'setting', 'scheduler'] as const

/** When the answer to each query is stale. A query of the API does not compile until it has a rule here. */
const rules: Record<QueryPath<AppRouter['_def']['record']>, InvalidationRule> = {
  'deployment.page': { isStale: (changes) => changes.touches('deployment') },
  'deployment.detail': { isStale: ofDeployment },
  'deployment.timeline': { isStale: ofDeployment },
  'deployment.decisions': { isStale: ofDeployment },
  'deployment.revisions': { isStale: ofDeployment },
  // Decisions are immutable.
  'decision.get': { isStale: () => false },
  'decision.explain': { isStale: () => false },
  'overview.get': {
    isStale: (changes) => changes.touches('node') || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  'event.page': {
    isStale: (changes) =>
      changes.touches('deployment') || changes.touches('node') || changes.touches('user') || changes.touches('token'),
    minimumAgeMs: 1000,
  },
  'decision.page': { isStale: (changes) => changes.touches('deployment') },
  'decision.whatIf': { isStale: () => false },
  'decision.replay': { isStale: () => false },
  'placement.rankDecision': { isStale: () => false },
  'placement.rank': {
    isStale: (changes) => changes.touches('node') || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  // The past is immutable; without a time these queries show the present.
  'history.fleetAt': {
    isStale: (changes, input) => input.at === undefined && changes.touches('node'),
    minimumAgeMs: 5000,
  },
  'history.deploymentAt': {
    isStale: (changes, input) => input.at === undefined && (ofDeployment(changes, input) || changes.touches('node')),
  },
  'history.marks': { isStale: () => false },
  'history.near': { isStale: () => false },
  'history.bounds': { isStale: () => false },
  'settings.get': { isStale: (changes) => changes.touches('setting') },
  'placement.preview': {
    isStale: (changes) => changes.touches('node') || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  'deployment.previewUpdate': {
    isStale: (changes) => changes.touches('node') || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  'deployment.list': unused,
  'deployment.status': unused,
  'deployment.logTail': unused,
  'node.list': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 5000 },
  'node.page': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 2000 },
  'node.map': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 5000 },
  // Filter options change when nodes join, not with their heartbeats.
  'node.facets': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 20_000 },
  'node.find': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 5000 },
  // Lists replicas, which change with their deployments.
  'node.get': {
    isStale: (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
    minimumAgeMs: 1000,
  },
  'node.drainPreview': {
    isStale: (changes) => changes.touches('node') || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  // Recomputed only on request, because an outcome must not change while it is read.
  'drill.run': { isStale: () => false },
  'drill.explain': { isStale: () => false },
  'drill.weakest': { isStale: () => false },
  'drill.places': { isStale: (changes) => changes.touches('node'), minimumAgeMs: 20_000 },
  'node.drainProgress': {
    isStale: (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
  },
  'queue.list': { isStale: (changes) => changes.touches('deployment') },
  'node.returns': {
    isStale: (changes, input) => changes.touches('node', input.id) || changes.touches('deployment'),
    minimumAgeMs: 2000,
  },
  'outage.list': { isStale: (changes) => changes.touches('scheduler') },
  'intake.behind': { isStale: (changes) => changes.touches('scheduler') },
  'outage.moves': { isStale: (changes) => changes.touches('scheduler') || changes.touches('deployment') },
  'me.get': { isStale: (changes) => changes.touches('user') },
  'user.list': { isStale: (changes) => changes.touches('user') || changes.touches('session') },
  'me.sessions': { isStale: (changes) => changes.touches('session') },
  'user.sessions': { isStale: (changes, input) => changes.touches('session', input.id) },
  'notification.list': { isStale: (changes) => changes.touches('setting') },
  'audit.page': { isStale: (changes) => auditedTopics.some((topic) => changes.touches(topic)), minimumAgeMs: 2000 },
  'apiToken.list': { isStale: (changes) => changes.touches('token') || changes.touches('user') },
  'apiToken.listAll': { isStale: (changes) => changes.touches('token') || changes.touches('user') },
  'joinToken.list': { isStale: (changes) => changes.touches('token') || changes.touches('node') },
}

const usualAgeMs = 400

const ruleOf = (queryKey: readonly unknown[]): InvalidationRule | undefined =>
  (rules as Record<string, InvalidationRule>)[pathOf(queryKey)]

/** How old the answer to a query must be before it is loaded again, in ms. */
export const minimumAge = (queryKey: readonly unknown[]): number => ruleOf(queryKey)?.minimumAgeMs ?? usualAgeMs

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

/** Whether changes invalidate a query. What is no query of the API is always invalidated, to be safe. */
export const isInvalidated = (queryKey: readonly unknown[], changes: Changes): boolean =>
  ruleOf(queryKey)?.isStale(changes, inputOf(queryKey)) ?? true
