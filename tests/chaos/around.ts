/** Faults around the programs: copied agents, clocks, containers, engines, and crowds at the web server. */
import { setTimeout as sleep } from 'node:timers/promises'
import { DockerHttp } from '@/agent/engines/docker/http'
import type { Attack, Undo } from './attack'
import type { FoundContainer } from './containers'
import type { DoorCommand } from './preload/doors'
import type { Program } from './program'
import type { Fault } from './schedule'

export function beginAround(attack: Attack, fault: Fault, target: string): Promise<Undo | null> {
  switch (fault.kind) {
    case 'clone':
      return clone(attack, target)
    case 'clock':
      return setClock(attack, target, fault.stepMs ?? 0)
    case 'freeze':
      return freeze(attack, target)
    case 'obstruct':
      return obstruct(attack, target)
    case 'overload':
      return overload(attack, fault.forMs)
    default:
      throw new Error(`${fault.kind} is a fault of programs`)
  }
}

/** Sends a command to the program under attack. False when it does not run. */
const order = (program: Program, order: DoorCommand): boolean => program.send(order)

/** An agent that was just killed first has to claim its nodes, or a copy could take them over. */
const claimWaitMs = 10_000

/**
 * Runs a second agent from a copy of the data folder. For fleets with an odd number the copy believes to be on another
 * machine. For the others it is a second process of this machine, which exits once it is refused.
 */
async function clone({ stack, speakers }: Attack, target: string): Promise<Undo | null> {
  const program = stack.program(target)
  let first: string | null = null
  for (let waitedMs = 0; first === null && waitedMs < claimWaitMs; waitedMs += 500) {
    first = await speakers.holderOf(program).catch(() => null)
    if (first === null) await sleep(500)
  }
  if (first === null) return null
  const startedAt = new Date()
  const copy = await stack.clone(target, { elsewhere: /^fleet-\d*[13579]$/.test(target) })
  const noted = await speakers.noteClone(copy, { of: target, first, startedAt })
  return async () => {
    await speakers.checkRefusal(noted)
    await copy.kill()
  }
}

async function setClock({ stack }: Attack, target: string, byMs: number): Promise<Undo | null> {
  const program = stack.program(target)
  const { pid } = program
  if (!order(program, { door: 'clock', byMs })) return null
  return async () => {
    // A new process has the right time already.
    if (program.pid === pid) order(program, { door: 'clock', byMs: -byMs })
  }
}

const frozenAtOnce = 3

/** Pauses containers and later resumes them, as a person on the machine could. */
async function freeze({ stack, lasting, onThaw }: Attack, target: string): Promise<Undo | null> {
  const chosen = (await lasting(target)).sort(byId).slice(0, frozenAtOnce)
  const set = async (paused: boolean) => {
    const ids = chosen.map(({ id }) => id)
    const engine = engineOf({ stack }, target)
    if (!engine) return void order(stack.program(target), { door: 'container', containerIds: ids, paused })
    const http = new DockerHttp(engine.socket)
    const call = (id: string) =>
      ({ method: 'POST', path: `/containers/${id}/${paused ? 'pause' : 'unpause'}` }) as const
    // Containers that were removed meanwhile are ignored.
    for (const id of ids) await http.call(call(id), [204, 404, 409, 500]).catch(() => undefined)
  }
  if (chosen.length === 0) return null
  await set(true)
  return async () => {
    await onThaw(chosen.map(({ replicaId }) => replicaId))
    await set(false)
  }
}

/** Makes an engine refuse to remove containers: all of a simulated engine, or those of a real engine that run now. */
async function obstruct({ stack, lasting }: Attack, target: string): Promise<Undo | null> {
  const engine = engineOf({ stack }, target)
  if (!engine) {
    const program = stack.program(target)
    if (!order(program, { door: 'removals', refused: true })) return null
    return async () => void order(program, { door: 'removals', refused: false })
  }
  const chosen = await lasting(target)
  const releases = chosen.map(({ id }) => engine.obstructRemoval(id)).filter((release) => release !== null)
  if (releases.length === 0) return null
  return async () => {
    for (const release of releases) release()
  }
}

const crowd = 24
/** How long before the end of its attack the crowd meets a web server that works. */
const outageMs = 5_000

const knocks = [
  { path: '/api/deployment/list?limit=100&sort_by=name' },
  { path: '/api/deployment/list?status=running&limit=100' },
  { path: '/login' },
  {
    path: '/api/auth/login',
    init: {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'nobody', password: 'not the password of anybody' }),
    },
  },
]

/** Many callers at once. The web server is stopped at first, so that all of them are waiting when it resumes. */
async function overload({ stack, rest }: Attack, forMs: number): Promise<Undo | null> {
  const web = stack.program('web')
  if (web.pid === null) return null
  const resume = web.pause()
  setTimeout(resume, Math.max(0, forMs - outageMs))
  let isOver = false
  const caller = async (index: number) => {
    for (let turn = index; !isOver; turn += 1) {
      const knock = knocks[turn % knocks.length]
      const isAnswered = knock !== undefined && (await rest.knock(knock.path, knock.init))
      if (!isAnswered) await sleep(100)
    }
  }
  for (let index = 0; index < crowd; index += 1) void caller(index)
  return async () => {
    isOver = true
    resume()
  }
}

const byId = (a: FoundContainer, b: FoundContainer): number => (a.id < b.id ? -1 : 1)

const engineOf = ({ stack }: Pick<Attack, 'stack'>, target: string) =>
  target.startsWith('engine-') ? stack.cluster?.engines[Number(target.slice('engine-'.length)) - 1] : undefined
