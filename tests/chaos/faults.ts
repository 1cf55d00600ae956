/** Carries out the schedule: begins and ends each fault at its time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Attack, FaultLog, Undo } from '@/tests/chaos/attack'
import { beginAround } from './around'
import { type Fault, faultMessage } from './schedule'

/** Resolves when the last fault was undone. */
export async function carryOut(attack: Attack, faults: Fault[], signal: AbortSignal): Promise<FaultLog> {
  const log: FaultLog = { kills: {}, faults: {}, missed: 0 }
  const startedAt = performance.now()
  const until = (ms: number) => sleep(Math.max(0, startedAt + ms - performance.now()), undefined, { signal })
  await Promise.all(
    faults.map(async (fault) => {
      await until(fault.atMs).catch(() => undefined)
      if (signal.aborted) return
      const undo = await Promise.all(fault.targets.map((target) => beginNoted(attack, fault, target)))
      const done = undo.filter((each) => each !== null)
      if (done.length === 0) {
        log.missed += 1
        return
      }
      log.faults[fault.kind] = (log.faults[fault.kind] ?? 0) + 1
      if (fault.kind === 'kill') for (const target of fault.targets) count(log, target)
      attack.say(faultMessage(fault))
      await until(fault.atMs + fault.forMs).catch(() => undefined)
      await Promise.all(done.map((each) => each()))
    }),
  )
  return log
}

function count(log: FaultLog, target: string): void {
  const what = target === 'leader' || target === 'standby' ? target : target.replace(/-\d+$/, '')
  log.kills[what] = (log.kills[what] ?? 0) + 1
}

/** The fault is in the timeline from before it begins until after it was undone. */
async function beginNoted(attack: Attack, fault: Fault, target: string): Promise<Undo | null> {
  const end = attack.timeline.begin(fault.kind, target)
  const undo = await begin(attack, fault, target)
  if (undo === null) end()
  return undo && (() => undo().finally(end))
}

/** How long at most an attack on the leader waits until the leader has work. */
const busyWaitMs = 1_500

/** @returns how to undo the fault; null when there was nothing to attack. */
async function begin(attack: Attack, fault: Fault, target: string): Promise<Undo | null> {
  const { stack } = attack
  const { kind } = fault
  if (target === 'database') {
    return (await stack.killDatabase()) ? () => stack.startDatabase() : null
  }
  if (kind === 'clone' || kind === 'clock' || kind === 'freeze' || kind === 'obstruct' || kind === 'overload')
    return beginAround(attack, fault, target)
  if (target.startsWith('engine-')) return onEngine(attack, kind, target)
  // Work that the leader had begun is what can be lost with it.
  if (target === 'leader' && kind !== 'deafen') await attack.database.untilLeased(busyWaitMs)
  const name = await programOf(attack, target)
  const program = stack.program(name)
  if (program.pid === null) return null
  switch (kind) {
    case 'kill':
      await program.kill()
      return () => program.start()
    case 'pause': {
      const resume = program.pause()
      return async () => resume()
    }
    case 'cut':
    case 'storm':
      return cut(attack, name)
    case 'deafen':
      return deafen(attack, name)
  }
}

async function cut({ stack, onCut, onHeal }: Attack, name: string): Promise<Undo> {
  stack.wire(name).cut()
  await onCut(name)
  return async () => {
    await onHeal(name)
    stack.wire(name).heal()
  }
}

/**
 * Makes the leader lose its lock without noticing: its session ends at the database, but its own end of the connection
 * stays open. Another scheduler is elected, and for a while two of them believe that they lead.
 */
async function deafen({ stack, database }: Attack, name: string): Promise<Undo | null> {
  const session = await database.leadersSession().catch(() => null)
  if (!session || !stack.wire(name).cutOne(session.port)) return null
  await database.endSession(session.pid).catch(() => undefined)
  return async () => stack.wire(name).heal()
}

async function onEngine({ stack, onCut, onHeal }: Attack, kind: Fault['kind'], target: string): Promise<Undo | null> {
  const engine = stack.cluster?.engines[Number(target.slice('engine-'.length)) - 1]
  if (!engine) return null
  switch (kind) {
    case 'kill':
      engine.kill()
      return () => engine.start()
    case 'pause':
      engine.freeze()
      return async () => engine.thaw()
    default:
      engine.cut()
      await onCut(target)
      return async () => {
        await onHeal(target)
        engine.heal()
      }
  }
}

/** Resolves the target at the moment of the attack, because the leader changes. */
async function programOf({ stack, database }: Attack, target: string): Promise<string> {
  if (target !== 'leader' && target !== 'standby') return target
  const name = await database.leader().catch(() => null)
  const leader = stack.schedulerOf(name)
  // The last leader may be dead, or the database may be away; either scheduler will do then.
  if (leader === null) return 'scheduler-1'
  return target === 'leader' ? leader : stack.otherScheduler(leader)
}
