/**
 * Runs one task per replica at a time, and all replicas in parallel. A task that fails, or that repeats the previous
 * one at once, backs off before the next try. A start that is no longer desired is aborted.
 */

import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import type { Random } from '@/agent/lib/random'
import type { Action } from './reconcile'

interface Task {
  kind: Action['kind']
  controller: AbortController
}

const bringingUp: ReadonlySet<Action['kind']> = new Set(['start', 'adopt', 'restart', 'revive'])

/** The same action again within this time means that it had no effect. */
const repeatMs = 500

export class TaskTable {
  private readonly busy = new Map<string, Task>()
  private readonly resting = new Map<string, { key: string; cancel: () => void }>()
  private readonly last = new Map<string, { key: string; at: number; backoff: Backoff }>()
  private closed = false

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
    /** Called when a task or a backoff ends, so that the node reconciles again. */
    private readonly onIdle: () => void,
  ) {}

  isBusy(replicaId: string): boolean {
    return this.busy.has(replicaId)
  }

  run(action: Action, perform: (signal: AbortSignal) => Promise<void>): void {
    const { replicaId, kind } = action
    const task = this.busy.get(replicaId)
    if (task) {
      const bringsUp = bringingUp.has(task.kind)
      if (bringsUp && (kind === 'stop' || kind === 'gone')) task.controller.abort(new Error('no longer wanted'))
      return
    }
    if (this.closed || this.mustRest(action)) return
    const controller = new AbortController()
    this.busy.set(replicaId, { kind, controller })
    const failed = perform(controller.signal).then(
      () => false,
      () => true,
    )
    void failed.then((hasFailed) => this.done(action, hasFailed))
  }

  /** Drops the backoff of a replica that has ended. */
  forget(replicaId: string): void {
    this.last.delete(replicaId)
  }

  abortAll(): void {
    this.closed = true
    for (const { controller } of this.busy.values()) controller.abort(new Error('the agent stops'))
    for (const { cancel } of this.resting.values()) cancel()
  }

  private done(action: Action, hasFailed: boolean): void {
    const { replicaId } = action
    this.busy.delete(replicaId)
    if (this.closed) return
    const key = keyOf(action)
    const before = this.last.get(replicaId)
    const backoff = before?.key === key ? before.backoff : new Backoff({ firstMs: 1_000, maxMs: 15_000 }, this.random)
    this.last.set(replicaId, { key, at: this.clock.now(), backoff })
    if (hasFailed) this.rest(replicaId, key, backoff)
    this.onIdle()
  }

  private mustRest(action: Action): boolean {
    const { replicaId } = action
    const key = keyOf(action)
    const resting = this.resting.get(replicaId)
    if (resting) {
      if (resting.key === key) return true
      // A different action ends the backoff.
      resting.cancel()
      this.resting.delete(replicaId)
    }
    const last = this.last.get(replicaId)
    if (last?.key !== key || this.clock.now() - last.at >= repeatMs) return false
    this.rest(replicaId, key, last.backoff)
    return true
  }

  private rest(replicaId: string, key: string, backoff: Backoff): void {
    const cancel = this.clock.after(backoff.next(), () => {
      this.resting.delete(replicaId)
      // The backoff is over, so the next try may start at once.
      const last = this.last.get(replicaId)
      if (last) last.at = Number.NEGATIVE_INFINITY
      this.onIdle()
    })
    this.resting.set(replicaId, { key, cancel })
  }
}

const keyOf = (action: Action): string => {
  const container = 'container' in action ? action.container : null
  return [action.kind, container?.id, container?.state, container?.health].join(' ')
}
