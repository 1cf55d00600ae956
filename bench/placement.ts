/**
 * How fast the fleet index decides: npm run bench -- placement [--json FILE] [--rounds N] [--nodes 1000,10000]
 * [--million]. Every ratio is taken within one round of one run, in which all contenders run one after the other. The
 * table shows medians.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { brief, tableText } from './common/measure'
import { compilePass } from './placement/c-pass'
import { benchShapes, type DecisionRow, measureDecisions } from './placement/decisions'
import { type HeartbeatRow, measureHeartbeats } from './placement/heartbeats'

const usage = `npm run bench -- placement [--json FILE] [--rounds N] [--nodes 1000,10000,100000] [--million]

Decisions of the fleet index against the classic way (filter, map, sort over objects), a plain pass over columns and the
same pass in C (when there is a compiler); heartbeats against writing two numbers into arrays. 11 rounds unless told.
--million adds a fleet of a million nodes, without the classic way: about 6 GiB of memory.`

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '11' },
    nodes: { type: 'string', default: '1000,10000,100000' },
    million: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const print = (line: string): void => void process.stdout.write(`${line}\n`)
if (values.help) {
  print(usage)
  process.exit(0)
}

const rounds = Number(values.rounds)
const sizes = values.nodes.split(',').filter(Boolean).map(Number)
const compiled = compilePass()
const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, c: compiled?.made }
print(`${machine.cores} × ${machine.cpu}, Node ${machine.node}, ${compiled ? machine.c : 'no C compiler'}\n`)

const head = [
  'nodes',
  'shape',
  'index µs',
  'classic µs',
  'plain µs',
  'C µs',
  '× classic',
  'of plain',
  'of C',
  'build ms',
]
const cells = (row: DecisionRow): string[] => [
  row.nodes.toLocaleString('en'),
  row.shape,
  brief(row.us.index),
  brief(row.us.classic),
  brief(row.us.plain),
  brief(row.us.c),
  brief(row.timesClassic),
  brief(row.shareOfPlain),
  brief(row.shareOfC),
  brief(row.buildMs),
]
const decisions: DecisionRow[] = []
const heartbeats: HeartbeatRow[] = []
try {
  for (const nodes of sizes) {
    for (const shape of benchShapes) {
      decisions.push(await measureDecisions(shape, nodes, { rounds, compiled, withClassic: true }))
    }
  }
  if (values.million) {
    decisions.push(await measureDecisions('all different', 1_000_000, { rounds, compiled, withClassic: false }))
  }
  for (const nodes of sizes) heartbeats.push(measureHeartbeats(nodes, rounds))
} finally {
  compiled?.remove()
}
print(tableText(head, decisions.map(cells)))
print('')
print(
  tableText(
    [
      'nodes',
      'heartbeat, ns',
      'array',
      'index',
      'caught up',
      '×',
      '× caught up',
      'array by id',
      'index by id',
      '× by id',
    ],
    heartbeats.map(({ nodes, ns, ratios }) => [
      nodes.toLocaleString('en'),
      '',
      brief(ns.bare),
      brief(ns.index),
      brief(ns.caughtUp),
      brief(ratios.index),
      brief(ratios.caughtUp),
      brief(ns.bareById),
      brief(ns.indexById),
      brief(ratios.byId),
    ]),
  ),
)
if (values.json) {
  const report = { benchmark: 'placement', machine, rounds, decisions, heartbeats }
  writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
}
