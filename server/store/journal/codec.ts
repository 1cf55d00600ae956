/**
 * Entries of the fleet journal as bytes. At ten thousand nodes two thousand numbers change each second, and all of them
 * are kept: so each kind of number is a column of its own, in small steps, deflated by itself. What columns can't hold
 * goes along as JSON: nothing is ever rounded here.
 */
import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { FormerDelta, JournalDelta, JournalEntry, JournalSnapshot } from '@/core/journal'
import {
  type JournalNode,
  type NumberField,
  numberFields,
  readNumber,
  stepsOf,
  valueOfSteps,
  withoutNumbers,
  writeNumber,
} from '@/core/journal'
import { ByteReader, ByteWriter, unzigzag, zigzag } from './varint'

const deflate = promisify(deflateRaw)
const inflate = promisify(inflateRaw)

/**
 * The first byte. No deflated stream can begin with it, so entries from before are told apart: they are deflated JSON.
 */
const marker = 0x06
/** Less is not worth the header of a deflated stream. */
const smallestDeflated = 48

const kinds = ['delta', 'snapshot'] as const

export async function encodeEntry(entry: JournalEntry): Promise<Buffer> {
  const sections = entry.kind === 'delta' ? deltaSections(entry) : snapshotSections(entry)
  const packed = await Promise.all(sections.map(packSection))
  return Buffer.concat([Buffer.from([marker, kinds.indexOf(entry.kind)]), ...packed.flat()])
}

export async function decodeEntry(data: Uint8Array): Promise<JournalEntry | FormerDelta> {
  if (data[0] !== marker) return JSON.parse((await inflate(data)).toString('utf8')) as JournalSnapshot | FormerDelta
  const sections = await unpackSections(data.subarray(2))
  return kinds[data[1] ?? -1] === 'snapshot' ? snapshotOf(sections) : deltaOf(sections)
}

/** The length, with one bit for whether it is deflated, and the bytes. */
async function packSection(raw: Buffer): Promise<[Buffer, Buffer]> {
  const deflated = raw.length < smallestDeflated ? raw : await deflate(raw)
  const smaller = deflated.length < raw.length ? deflated : raw
  const length = new ByteWriter()
  length.whole(smaller.length * 2 + (smaller === raw ? 0 : 1))
  return [length.bytes(), smaller]
}

async function unpackSections(data: Uint8Array): Promise<Buffer[]> {
  const reader = new ByteReader(data)
  const sections: (Buffer | Promise<Buffer>)[] = []
  while (!reader.ended) {
    const length = reader.whole()
    const bytes = reader.take(Math.floor(length / 2))
    sections.push(length % 2 === 1 ? inflate(bytes) : Buffer.from(bytes))
  }
  return Promise.all(sections)
}

/** A difference: the rest as JSON, the gaps between places, and a column of steps for each field that changed. */
function deltaSections({ places, steps, put, latencies }: JournalDelta): Buffer[] {
  const rest = put.length > 0 || latencies ? JSON.stringify({ put, latencies }) : ''
  const head = new ByteWriter()
  const gaps = new ByteWriter()
  let last = 0
  for (const place of places) {
    gaps.whole(place - last)
    last = place
  }
  const columns: Buffer[] = []
  for (const [i, field] of numberFields.entries()) {
    const column = steps[field]
    if (!column) continue
    head.whole(i)
    const writer = new ByteWriter()
    for (const step of column) writer.signed(step)
    columns.push(writer.bytes())
  }
  return [Buffer.from(rest), head.bytes(), gaps.bytes(), ...columns]
}

function deltaOf([rest, head, gaps, ...columns]: Buffer[]): JournalDelta {
  const { put, latencies } = jsonOf<Pick<JournalDelta, 'put' | 'latencies'>>(rest, { put: [] })
  const delta: JournalDelta = { kind: 'delta', places: [], steps: {}, put, ...(latencies && { latencies }) }
  let place = 0
  for (const reader = new ByteReader(gaps); !reader.ended; ) {
    place += reader.whole()
    delta.places.push(place)
  }
  const fields = new ByteReader(head)
  for (const column of columns) {
    const reader = new ByteReader(column)
    delta.steps[fieldAt(fields.whole())] = delta.places.map(() => reader.signed())
  }
  return delta
}

interface SnapshotRest {
  length: number
  /** What nodes are except for their names: on most fleets few differ. */
  natures: Omit<JournalNode, 'id' | 'nodeId' | NumberField | 'reserved' | 'unseen'>[]
  names: string[]
  /** Nodes that do not fit the columns. */
  odd: [place: number, node: JournalNode][]
  latencies: JournalSnapshot['latencies']
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
/** In the column of natures, instead of one: a gap, or a node among the odd ones. */
const nobody = 0

/** The whole fleet: the rest as JSON, ids, the number of each node's nature, and a column for each field. */
function snapshotSections({ nodes, latencies }: JournalSnapshot): Buffer[] {
  const rest: SnapshotRest = { length: nodes.length, natures: [], names: [], odd: [], latencies }
  const numbers = new Map<string, number>()
  const ids: Buffer[] = []
  const natures = new ByteWriter()
  const columns = numberFields.map(() => new NumberWriter())
  for (const [place, node] of nodes.entries()) {
    const values = node && numberFields.map((field) => readNumber(node, field))
    const steps = values?.map((value, i) => stepsOf(fieldAt(i), value))
    if (
      !node ||
      !steps ||
      !uuidPattern.test(node.id) ||
      steps.some((step, i) => step === null && values?.[i] !== null)
    ) {
      natures.whole(nobody)
      if (node) rest.odd.push([place, node])
      continue
    }
    const { id, nodeId, ...nature } = withoutNumbers(node)
    const text = JSON.stringify(nature)
    const number = numbers.get(text) ?? rest.natures.push(nature)
    numbers.set(text, number)
    natures.whole(number)
    ids.push(Buffer.from(id.replaceAll('-', ''), 'hex'))
    rest.names.push(nodeId)
    for (const [i, column] of columns.entries()) column.add(steps[i] ?? null)
  }
  const text = Buffer.from(JSON.stringify(rest))
  return [text, Buffer.concat(ids), natures.bytes(), ...columns.map((column) => column.bytes())]
}

function snapshotOf([text, ids, natures, ...columns]: Buffer[]): JournalSnapshot {
  const rest = jsonOf<SnapshotRest>(text, { length: 0, natures: [], names: [], odd: [], latencies: [] })
  const nature = new ByteReader(natures)
  const id = new ByteReader(ids)
  const readers = columns.map((column) => new NumberReader(column))
  const names = rest.names.values()
  const nodes = Array.from({ length: rest.length }, (): JournalNode | null => {
    const number = nature.whole()
    if (number === nobody) return null
    const node: JournalNode = {
      ...(rest.natures[number - 1] as SnapshotRest['natures'][number]),
      id: uuidOf(id.take(16)),
      nodeId: names.next().value ?? '',
      lastHeartbeatMs: null,
      cpuUsagePercent: null,
      memoryUsagePercent: null,
      reserved: { cpuMillis: 0, memoryMb: 0, storageGb: 0, gpuUnits: 0 },
      unseen: { cpuMillis: 0, memoryMb: 0 },
    }
    for (const [i, reader] of readers.entries()) {
      const steps = reader.next()
      writeNumber(node, fieldAt(i), steps === null ? null : valueOfSteps(fieldAt(i), steps))
    }
    return node
  })
  for (const [place, node] of rest.odd) nodes[place] = node
  return { kind: 'snapshot', nodes, latencies: rest.latencies }
}

/** Numbers one below the other, each as its difference from the last one; null has a code of its own. */
class NumberWriter {
  readonly #writer = new ByteWriter()
  #last = 0

  add(value: number | null): void {
    this.#writer.whole(value === null ? 0 : zigzag(value - this.#last) + 1)
    this.#last = value ?? this.#last
  }

  bytes(): Buffer {
    return this.#writer.bytes()
  }
}

class NumberReader {
  readonly #reader: ByteReader
  #last = 0

  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes)
  }

  next(): number | null {
    const code = this.#reader.whole()
    if (code === 0) return null
    this.#last += unzigzag(code - 1)
    return this.#last
  }
}

function fieldAt(i: number): NumberField {
  const field = numberFields[i]
  if (field === undefined) throw new Error('The fleet journal was written by a newer version of Fogdeck')
  return field
}

const jsonOf = <T>(bytes: Buffer | undefined, empty: T): T =>
  bytes && bytes.length > 0 ? (JSON.parse(bytes.toString('utf8')) as T) : empty

function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
