/** What must hold of every state, of every step, and of the state that is reached when nothing fails any more. */
import { canTransition, deploymentTransitions, replicaTransitions } from '@/core/deployments/status'
import { capacity, desiredAndLive, reservedOn, same } from './database'
import { keyOf } from './key'
import { leaseOf, noBudget, plansFor, type Setting, type Step, slots, successors, type World } from './world'

const places = Array.from({ length: slots }, (_, slot) => slot)

/** What is wrong with a state, or null. */
export function wrongState({ db, agents }: World): string | null {
  const { deployment, replicas, evaluations } = db
  const busy = evaluations.some(({ status }) => status !== 'dead')
  // Without any desired replica the deployment waits for its agents only.
  if (deployment?.status === 'pending' && deployment.target > 0 && !busy)
    return 'an accepted deployment is pending and nobody will work on it'
  for (const node of [0, 1]) if (reservedOn(db, node) > capacity) return 'a node has promised more than it has'
  for (const slot of places)
    if (replicas.filter((one) => one.slot === slot && one.held && desiredAndLive(one)).length > 1)
      return 'a slot has two live holders'
  if (deployment?.status === 'deleted' && replicas.some((one) => one.run)) return 'a deleted deployment wants a replica'
  const surplus = replicas.some((one) => desiredAndLive(one) && one.slot >= (deployment?.target ?? 0))
  if (surplus && !busy && deployment?.status !== 'failed') return 'a surplus replica is wanted, and nobody will stop it'
  if (deployment?.status === 'running') {
    const seen = places
      .slice(0, deployment.target)
      .every((slot) => replicas.some((one) => one.slot === slot && one.run && one.status === 'running'))
    if (!seen) return 'a deployment is called running, and a replica of it was not seen running'
  }
  for (const { containers } of agents)
    for (const one of containers) {
      if (one.count > 1) return 'a replica has two containers'
      if (containers.some((other) => other !== one && other.slot === one.slot)) return 'a node runs a slot twice'
    }
  return unreserved({ db, agents }) ? 'a container runs without a reservation' : null
}

const unreserved = ({ db, agents }: Pick<World, 'db' | 'agents'>): boolean =>
  agents.some(({ containers }, node) =>
    containers.some(
      (one) => !db.replicas.some((replica) => same(replica, one) && replica.node === node && replica.held),
    ),
  )

export const staleWrite = 'a scheduler wrote after its reign'
export const lostLease = 'an evaluation was settled by who did not hold its lease'

/** What is wrong with a step, or null. */
export function wrongStep(before: World, { name, writer, next }: Step): string | null {
  const from = before.db.deployment?.status
  const to = next.db.deployment?.status
  if (from && to && from !== to && !canTransition(deploymentTransitions, from, to))
    return `a deployment went from ${from} to ${to}`
  for (const replica of next.db.replicas) {
    const was = before.db.replicas.find((one) => same(one, replica))
    if (was && was.status !== replica.status && !canTransition(replicaTransitions, was.status, replica.status))
      return `a replica went from ${was.status} to ${replica.status}`
    if (replica.status === 'running' && was?.status !== 'running' && !wasStarted(next, replica))
      return 'a replica is called running, and never had a container'
  }
  if (!writer || next.db === before.db) return null
  if (name.endsWith('commits') && leaseOf(before.db, writer) < 0) return lostLease
  return writer.epoch === before.db.epoch ? null : staleWrite
}

const wasStarted = ({ agents }: World, replica: { slot: number; generation: number; node: number }): boolean => {
  const agent = agents[replica.node]
  return [...(agent?.containers ?? []), ...(agent?.ended ?? [])].some((one) => same(one, replica))
}

/** The next step when nothing fails any more; null at rest. `key` is that of `world`. */
export function settle(world: World, key: string, setting: Setting): World | null {
  const quiet = { ...world, left: noBudget }
  for (const { name, next } of successors(quiet, setting)) {
    if (name === 'deploy' || name.startsWith('the rival')) continue
    const after = { ...next, left: world.left }
    if (keyOf(after) !== key) return after
  }
  return null
}

/** What is untrue or undesired in a world at rest, or null. */
export function wrongRest({ db, agents }: World, { waits }: Setting): string | null {
  const { deployment, replicas } = db
  if (!deployment) return null
  const running = agents.flatMap(({ containers }) => containers)
  for (const slot of places)
    if (running.filter((one) => one.slot === slot).length > 1) return 'two copies of a slot go on running'
  const held = replicas.filter((one) => one.held)
  if (held.length !== running.length) return 'a reservation is held for nothing'
  switch (deployment.status) {
    case 'running':
      return running.length === deployment.target ? null : 'running, with another number of containers'
    case 'stopped':
    case 'deleted':
      return running.length === 0 ? null : `${deployment.status}, and a container runs`
    case 'failed':
      return null
    case 'pending': {
      const [plan] = plansFor(db, waits)
      return waits && plan?.ends === 'blocked' ? null : 'pending, though it could be placed'
    }
    case 'scheduled':
      return 'scheduled for ever'
  }
}
