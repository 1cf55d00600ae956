import type { DrillCounts, WeakPoint, WeakPoints } from '@/core/insight/drill-report'
import type { JournalNode } from '@/core/journal'
import { likelyWeakNodes } from '@/server/store/insight/drill-reads'
import { countsOf, rowsOf } from './report'
import { type DrillServices, drillOn, type Environment, readEnvironment } from './run'

const most = { regions: 20, nodes: 8 } as const

/**
 * Drills each region (only the largest if there are very many) and the nodes with the most dependents, one after the
 * other.
 */
export async function weakestPoints(services: DrillServices): Promise<WeakPoints> {
  const environment = await readEnvironment(services)
  const nodes = environment.fleet.nodes.filter((node) => node !== null)
  const regions = new Map<string, JournalNode[]>()
  for (const node of nodes) {
    const members = regions.get(node.region)
    if (members) members.push(node)
    else regions.set(node.region, [node])
  }
  const likely = new Set(await likelyWeakNodes(services.store, most.nodes))
  const points: WeakPoint[] = []
  const largest = [...regions].sort(([, a], [, b]) => b.length - a.length).slice(0, most.regions)
  for (const [name, members] of largest)
    points.push(await weakPoint(services, environment, { kind: 'region', name, members }))
  for (const node of nodes)
    if (likely.has(node.id))
      points.push(await weakPoint(services, environment, { kind: 'node', name: node.nodeId, members: [node] }))
  return {
    takenAt: environment.at.toISOString(),
    points: points.sort((a, b) => harm(b.counts) - harm(a.counts) || (a.name < b.name ? -1 : 1)),
    regions: regions.size,
    nodes: nodes.length,
  }
}

async function weakPoint(
  services: DrillServices,
  environment: Environment,
  { kind, name, members }: { kind: WeakPoint['kind']; name: string; members: JournalNode[] },
): Promise<WeakPoint> {
  const picked = { nodes: [], regions: [], zones: [] }
  const explain = { first: 0, always: new Set<string>() }
  const run = await drillOn(services, environment, { mode: 'fail', picked, nodes: members, explain })
  return {
    kind,
    name,
    nodes: members.length,
    counts: countsOf(rowsOf(run, 'overridden'), run.outcomes.overridden),
    guarded: run.protections.length > 0,
  }
}

/** Permanent outages weigh more than temporary ones, and those more than missing replicas. */
const harm = ({ byOutcome, down, fewer }: DrillCounts): number =>
  1e8 * (byOutcome['no-room'] + byOutcome.held) + 1e4 * down + byOutcome.never + fewer
