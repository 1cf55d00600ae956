/**
 * How many placement decisions a second, with a verdict for every node: node --import tsx bench/decide.ts [--json FILE]
 * [--seconds N]. "placed" asks for 3 replicas of changing sizes; "refused" asks for more than there is and so includes
 * the search for suggestions.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { defaultPolicy, type Fleet, type FleetNode, type PlacementRequest } from '@/server/domain/placement'
import { place } from '@/server/scheduler/place'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
if (values.help) {
  print('node --import tsx bench/decide.ts [--json FILE] [--seconds N]   seconds per row, 1 unless told')
  process.exit(0)
}

/** A small generator of numbers in 0..1 (mulberry32): the same seed gives the same fleet. */
function drawing(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const regions = ['us-east', 'us-west', 'eu-west', 'eu-central', 'ap-southeast', 'sa-east']

function fleetOf(count: number): Fleet {
  const draw = drawing(7)
  const upTo = (limit: number): number => Math.floor(draw() * limit)
  const nodes = Array.from({ length: count }, (_, index): FleetNode => {
    const capacity = { cpuMillis: 4000 << upTo(4), memoryMb: 8192 << upTo(4), storageGb: 500, gpuUnits: upTo(2) }
    return {
      id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      nodeId: `node-${String(index + 1).padStart(5, '0')}`,
      nodeType: 'compute_node',
      region: regions[index % regions.length] ?? 'us-east',
      status: upTo(50) === 0 ? 'offline' : 'active',
      cordoned: upTo(50) === 0,
      draining: false,
      simulated: true,
      labels: {},
      latitude: null,
      longitude: null,
      engineError: null,
      capacity,
      reserved: {
        cpuMillis: upTo(capacity.cpuMillis),
        memoryMb: upTo(capacity.memoryMb),
        storageGb: upTo(400),
        gpuUnits: 0,
      },
      cpuUsagePercent: upTo(101),
      memoryUsagePercent: upTo(101),
      heartbeatAgeMs: upTo(5000),
      unseen: { cpuMillis: 0, memoryMb: 0 },
      ownReplicas: 0,
    }
  })
  return { nodes, latencies: [] }
}

const requestOf = (index: number, resources: Partial<PlacementRequest['resources']>): PlacementRequest => ({
  deploymentId: '00000000-0000-4000-8000-000000000000',
  replicas: 3,
  resources: { cpuMillis: 500, memoryMb: 512, storageGb: 10, gpuUnits: 0, ...resources },
  region: regions[index % regions.length] ?? null,
  constraints: [],
  maxPerNode: 1,
  avoidNodeIds: [],
})
const cases = {
  placed: (index: number) => requestOf(index, { cpuMillis: 500 + 100 * (index % 8), memoryMb: 512 + 64 * (index % 8) }),
  // More GPUs than any node has.
  refused: (index: number) => requestOf(index, { gpuUnits: 8 }),
}

interface Row {
  case: keyof typeof cases
  nodes: number
  decisions: number
  perSecond: number
  p50Ms: number
  p99Ms: number
}

function measure(name: keyof typeof cases, nodes: number): Row {
  const fleet = fleetOf(nodes)
  const budgetMs = Number(values.seconds) * 1000
  const takenMs: number[] = []
  let totalMs = 0
  const decide = (index: number): number => {
    const request = cases[name](index)
    const start = performance.now()
    const { refusal } = place(request, fleet, defaultPolicy)
    const ms = performance.now() - start
    if ((refusal !== null) !== (name === 'refused')) throw new Error(`${nodes} nodes: expected every run to be ${name}`)
    return ms
  }
  // Let the compiler settle before the clock counts.
  for (let index = 0, spentMs = 0; spentMs < budgetMs / 5; index++) spentMs += decide(index)
  for (let index = 0; totalMs < budgetMs; index++) {
    const ms = decide(index)
    takenMs.push(ms)
    totalMs += ms
  }
  takenMs.sort((a, b) => a - b)
  const quantile = (share: number): number => takenMs[Math.floor(share * (takenMs.length - 1))] ?? 0
  const perSecond = Math.round((1000 * takenMs.length) / totalMs)
  return { case: name, nodes, decisions: takenMs.length, perSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

const columns = (cells: readonly string[]): string => cells.map((cell) => cell.padStart(11)).join(' ')
print(columns(['case', 'nodes', 'decisions/s', 'p50 ms', 'p99 ms']))
const rows: Row[] = []
for (const nodes of [12, 100, 1000, 10_000]) {
  for (const name of ['placed', 'refused'] as const) {
    const row = measure(name, nodes)
    rows.push(row)
    print(columns([name, String(nodes), String(row.perSecond), row.p50Ms.toFixed(3), row.p99Ms.toFixed(3)]))
  }
}
if (values.json) {
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length }
  writeFileSync(values.json, `${JSON.stringify({ benchmark: 'decide', machine, rows }, null, 2)}\n`)
}
