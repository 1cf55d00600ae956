/**
 * Loaded into agent programs before their own code. On commands over the process channel this module sets the agent's
 * clock, pauses containers of its simulated engines, and makes these engines refuse removals.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { SimulatedEngine } from '@/agent/engines/simulated/engine'

export type DoorCommand =
  /** Sets the clock forward, or back when negative. */
  | { door: 'clock'; byMs: number }
  | { door: 'container'; containerIds: string[]; paused: boolean }
  | { door: 'removals'; refused: boolean }

/** Imports modules of the tree that the program runs from, which may be a copy. */
const ofProgram = (path: string) => import(pathToFileURL(join(process.cwd(), path)).href)

const { systemClock }: typeof import('@/agent/lib/clock') = await ofProgram('agent/lib/clock.ts')
const { SimulatedEngine: Simulated }: typeof import('@/agent/engines/simulated/engine') = await ofProgram(
  'agent/engines/simulated/engine.ts',
)

let aheadMs = 0
const { now } = systemClock
systemClock.now = () => now() + aheadMs

/** Engines are registered right after the start. Commands may have come before. */
const engines = new Set<SimulatedEngine>()
let removalsRefused = false
const paused = new Set<string>()
const { list } = Simulated.prototype
Simulated.prototype.list = function (this: SimulatedEngine) {
  if (!engines.has(this)) {
    engines.add(this)
    this.refuseRemovals(removalsRefused)
    for (const id of paused) void this.setPaused(id, true)
  }
  return list.call(this)
}

process.on('message', (order: DoorCommand) => {
  switch (order.door) {
    case 'clock':
      aheadMs += order.byMs
      break
    case 'container':
      for (const id of order.containerIds) {
        if (order.paused) paused.add(id)
        else paused.delete(id)
        // Engines that do not have this container ignore the call.
        for (const engine of engines) void engine.setPaused(id, order.paused)
      }
      break
    case 'removals':
      removalsRefused = order.refused
      for (const engine of engines) engine.refuseRemovals(removalsRefused)
  }
})
