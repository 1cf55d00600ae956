/**
 * One text per state. States that differ only in the order of a list, or by the same offset in all numbers, share one.
 */
import type { Database, Plan } from './database'
import type { Agent, Scheduler, World } from './world'

/** The nodes are interchangeable: a state and its mirror image have one key. */
export const keyOf = (world: World): string => {
  const [plain, mirrored] = [view(world, [0, 1]), view(world, [1, 0])]
  return plain < mirrored ? plain : mirrored
}

/** `order`: the nodes in the order to print them. Its permutation [1, 0] is its own inverse. */
const view = ({ db, lock, schedulers, agents, late, left }: World, order: readonly number[]): string =>
  [
    databaseKey(db, order),
    lock ?? '-',
    schedulers.map((one) => schedulerKey(db, one, order)).join('/'),
    order.map((node) => agentKey(agents[node])).join('/'),
    late ? `${order[late.node]}:${late.slot}.${late.generation}${late.status}${late.gone}` : '-',
    Object.values(left).join(''),
  ].join('|')

const bit = (value: boolean): string => (value ? '1' : '0')
const sorted = (texts: string[]): string => texts.sort().join(',')

const databaseKey = (db: Database, order: readonly number[]): string => {
  const { deployment, replicas, evaluations, nodes } = db
  return [
    deployment ? `${deployment.status}${deployment.target}` : '-',
    sorted(replicas.map((r) => `${r.slot}.${r.generation}@${order[r.node]}${r.status}${bit(r.run)}${bit(r.held)}`)),
    evaluations
      .map((e) => `${e.status}${e.attempts}${e.by ?? '-'}${e.by === null ? 0 : db.epoch - e.epoch}${bit(e.expired)}`)
      .join(','),
    order.map((node) => `${bit(nodes[node]?.online ?? false)}${nodes[node]?.rival}`).join(','),
  ].join(';')
}

const schedulerKey = (db: Database, { paused, epoch, working, plan }: Scheduler, order: readonly number[]): string =>
  `${bit(paused)}${epoch === 0 ? '-' : db.epoch - epoch}${bit(working)}${plan ? planKey(db, plan, order) : '-'}`

const planKey = ({ deployment }: Database, plan: Plan, order: readonly number[]): string =>
  [
    bit(plan.version === deployment?.version),
    plan.status,
    plan.to,
    plan.ends,
    ...plan.place.map((one) => `+${one.slot}.${one.generation}@${order[one.node]}`),
    ...plan.stop.map((one) => `-${one.slot}.${one.generation}`),
  ].join('')

const agentKey = (agent: Agent | undefined): string =>
  agent
    ? [
        bit(agent.cut),
        sorted(agent.wanted.map((one) => `${one.slot}.${one.generation}${bit(one.run)}`)),
        sorted(agent.containers.map((one) => `${one.slot}.${one.generation}x${one.count}${bit(one.known)}`)),
        sorted(agent.ended.map((one) => `${one.slot}.${one.generation}${one.status}`)),
      ].join(';')
    : '-'
