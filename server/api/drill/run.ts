import type { z } from 'zod'
import type { pickSchema } from '@/core/contract/drills'
import { Failure, type FieldProblem } from '@/core/contract/failure'
import type { DrillMode, DrillPlaces, DrillProtection, DrillReport, DrillStage } from '@/core/insight/drill-report'
import type { JournalNode, JournalState } from '@/core/journal'
import { heldIfOffline } from '@/core/nodes/outage-protection'
import { othersOf } from '@/core/placement/placed-replica'
import { type DrilledDeployment, type DrillWorld, drillDrain, drillFailure } from '@/core/plan/simulate'
import { placeOf } from '@/core/scheduler/filters/topology'
import { earliestLossSeconds } from '@/core/settings/settings'
import type { Services } from '@/server/api/context/context'
import { inPieces } from '@/server/api/stream/pieces'
import { type DrillCandidate, drillCandidates } from '@/server/store/insight/drill-reads'
import { readPulses } from '@/server/store/node-loss/outage-protection'
import { readSettings } from '@/server/store/records/settings'
import { placedReplicas } from '@/server/store/scheduling/placed-replicas'
import { readDeploymentsToSchedule } from '@/server/store/scheduling/scheduling-reads'

/** The services that a drill needs. */
export type DrillServices = Pick<Services, 'store' | 'fleet' | 'clock'>

export type Picked = z.infer<typeof pickSchema>

/** The result of a drill, with everything that its pages show. */
export interface DrillRun {
  takenAt: Date
  mode: DrillMode
  fleet: JournalState
  picked: DrillReport['picked']
  nodes: JournalNode[]
  protections: DrillProtection[]
  candidates: DrillCandidate[]
  outcomes: Record<DrillStage, DrilledDeployment[]>
}

/** Resolves the picked nodes, regions and zones to nodes and names. */
function resolve(
  { nodes, regions, zones }: Picked,
  fleet: JournalState,
): { picked: DrillReport['picked']; nodes: JournalNode[] } {
  const all = fleet.nodes.filter((node) => node !== null)
  const byName = new Map(all.flatMap((node) => [[node.id, node] as const, [node.nodeId, node] as const]))
  const known = {
    node: byName,
    region: new Set(all.map(({ region }) => region)),
    zone: new Set(all.map((node) => placeOf(node, 'zone'))),
  }
  const problemsOf = (kind: keyof typeof known, names: readonly string[]): FieldProblem[] =>
    names.flatMap((name, i) =>
      known[kind].has(name) ? [] : [{ path: `${kind}s.${i}`, message: `There is no ${kind} ${name}` }],
    )
  const fields = [...problemsOf('node', nodes), ...problemsOf('region', regions), ...problemsOf('zone', zones)]
  if (fields[0])
    throw new Failure('bad-input', `${fields[0].message}: take it out, or pick one of the fleet`, { fields })
  const named = [...new Set(nodes.flatMap((name) => byName.get(name) ?? []))]
  const picked = all.filter(
    (node) => named.includes(node) || regions.includes(node.region) || zones.includes(placeOf(node, 'zone') ?? ''),
  )
  return { picked: { nodes: named.map(({ nodeId }) => nodeId), regions, zones }, nodes: picked }
}

/** The input that is common to all drills, so that many drills can share one read. */
export interface Environment {
  at: Date
  fleet: JournalState
  settings: Awaited<ReturnType<typeof readSettings>>
  pulses: Awaited<ReturnType<typeof readPulses>>
}

export async function readEnvironment({ store, fleet: live, clock }: DrillServices): Promise<Environment> {
  const [fleet, settings, pulses] = await Promise.all([live.current(), readSettings(store), readPulses(store)])
  return { at: clock.now(), fleet, settings, pulses }
}

/** The regions that outage protection would hold if these nodes became unreachable. */
function protectionsOf({ pulses }: Environment, nodes: readonly JournalNode[]): DrillProtection[] {
  const unreachable = new Map<string, number>()
  for (const { region, status } of nodes)
    if (status !== 'offline' && status !== 'maintenance') unreachable.set(region, (unreachable.get(region) ?? 0) + 1)
  return heldIfOffline(pulses, unreachable).filter(({ region }) => nodes.some((node) => node.region === region))
}

/**
 * How many refusals are explained immediately; the others are explained on request, because each takes a while on a
 * large fleet.
 */
const explainedOf = (fleet: JournalState): number => (fleet.nodes.length < 500 ? 50 : 5)

/**
 * Runs the drill on the current fleet; writes nothing. Always explains the refusals of the deployments in `explain`.
 */
export async function runDrill(services: DrillServices, picked: Picked, explain: string[] = []): Promise<DrillRun> {
  const environment = await readEnvironment(services)
  const explained = { first: explainedOf(environment.fleet), always: new Set(explain) }
  return drillOn(services, environment, {
    mode: picked.mode,
    ...resolve(picked, environment.fleet),
    explain: explained,
  })
}

interface Asked {
  mode: DrillMode
  picked: DrillReport['picked']
  nodes: JournalNode[]
  explain: DrillWorld['explain']
}

/** Runs the drill for these nodes. */
export async function drillOn(
  { store }: DrillServices,
  environment: Environment,
  { mode, picked, nodes, explain }: Asked,
): Promise<DrillRun> {
  const { fleet, at, settings } = environment
  const ids = new Set(nodes.map(({ id }) => id))
  const candidates = await drillCandidates(store, [...ids])
  const hit = candidates.filter((one) => one.hit > 0)
  const deployments = await readDeploymentsToSchedule(
    store,
    hit.map(({ id }) => id),
  )
  const world: DrillWorld = {
    fleet,
    at,
    policy: settings.policy,
    placed: await placedReplicas(store, othersOf([...deployments.values()])),
    subjects: hit.flatMap(({ id, priority, lostAfterSeconds }) => {
      const deployment = deployments.get(id)
      return deployment ? [{ deployment, priority, lostAfterSeconds }] : []
    }),
    explain,
  }
  const run = { takenAt: at, mode, fleet, picked, nodes, candidates }
  if (mode === 'drain') {
    const outcome = await inPieces(drillDrain(world, ids))
    return { ...run, protections: [], outcomes: { overridden: outcome, held: outcome } }
  }
  const protections = protectionsOf(environment, nodes)
  const earliestSeconds = earliestLossSeconds(settings.heartbeat)
  const failing = (held: string[]) => {
    const guarded = new Set(nodes.filter(({ region }) => held.includes(region)).map(({ id }) => id))
    return inPieces(drillFailure(world, { nodes: ids, guarded, earliestSeconds }))
  }
  const overridden = await failing([])
  const held = protections.length > 0 ? await failing(protections.map(({ region }) => region)) : overridden
  return { ...run, protections, outcomes: { overridden, held } }
}

/** The names of regions and zones that can be picked. */
export async function drillPlaces({ fleet }: DrillServices): Promise<DrillPlaces> {
  const { nodes } = await fleet.current()
  const counted = (placeOfNode: (node: JournalNode) => string | null): DrillPlaces['regions'] => {
    const counts = new Map<string, number>()
    for (const node of nodes) {
      const name = node && placeOfNode(node)
      if (name) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].map(([name, count]) => ({ name, nodes: count })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
  return { regions: counted(({ region }) => region), zones: counted((node) => placeOf(node, 'zone')) }
}
