/**
 * Random inputs derived from the schemas of REST, tRPC and the agent protocol, and corrupted in one or more places. The
 * same seed gives the same inputs.
 */
import type { z } from 'zod'
import { seeded } from '@/core/lib/chance'
import { appRouter } from '@/server/api/root'
import { allInputs, definitionOf, partsOf, type Schema } from '@/testing/input-fields'

/** One call over HTTP. */
export interface FuzzCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  headers: Record<string, string>
  body?: string
  /** The answer is a stream that does not end by itself. */
  streams?: boolean
}

/** Values that let inputs pass the first check: existing ids and valid credentials. */
interface FuzzWorld {
  /** The access token of an administrator. */
  token: string
  credential: string
  joinToken: string
  deploymentIds: string[]
  nodeIds: string[]
  replicaIds: string[]
}

type Random = () => number

const char = (code: number) => String.fromCharCode(code)
const texts: readonly string[] = [
  ...[
    '',
    ' ',
    'a',
    'web-api',
    'nginx:latest',
    'us-east',
    '0',
    '-1',
    '[]',
    '{}',
    'null',
    'NaN',
    '%',
    '_',
    '\\',
    "'",
    '"',
  ],
  ...[char(0), `a${char(0)}b`, char(0xd800), `x${char(0xdc00)}`, `😀${char(0xd83d)}`, char(0x1b), `${char(0x1b)}[31m`],
  ...[char(7), '\r\n', '\t', char(0x85), char(0xfffe), char(0x2028), '%00', '%ff', '../../etc/passwd', '__proto__'],
  ...['constructor', "'; drop table nodes; --", '{1,2}', '$1', '😀'.repeat(200), 'x'.repeat(300), 'ä'.repeat(9_000)],
  ...['0000-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z'],
  ...['+275760-09-13T00:00:00.001Z', '2026-11-30T12:00:00+23:59', '0000-01-01', '2026-13-01'],
  ...['00000000-0000-0000-0000-000000000000', 'deployment:x', '999999999999999-999999999999999999'],
  ...['deployment:00000000-0000-0000-0000-000000000000.node:999999999999999999.replica:1', '0:999999999'],
]
const numbers: readonly number[] = [
  ...[0, -0, 1, -1, 0.5, 1.0000001, 7, 100, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 40],
  ...[2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e21, 1e308, -1e308, 5e-324],
]

const nested = (depth: number): unknown => {
  let value: unknown = 'deep'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { inner: value }
  return value
}

export class Fuzzer {
  private readonly random: Random
  private readonly inputs = [...allInputs()].filter(([path]) => !path.includes(' '))

  constructor(
    readonly seed: number,
    private readonly world: FuzzWorld,
  ) {
    this.random = seeded(seed)
  }

  /** Returns a new call each time. */
  next(): FuzzCall {
    const kind = this.random()
    if (kind < 0.5) return this.procedureCall()
    if (kind < 0.9) return this.restCall()
    return this.strangeCall()
  }

  /** Oversized inputs. A few are enough, because they cost the sender as much as the server. */
  largeCalls(): FuzzCall[] {
    const many = Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`k${index}`, 'v']))
    const node = { ...this.node(), labels: many }
    const join = { joinToken: this.world.joinToken, credential: 'c'.repeat(40), agentVersion: '1', nodes: [node] }
    const beats = Array(1_000_000).fill(1)
    const agent = { authorization: `Bearer ${this.world.credential}` }
    const user = { authorization: `Bearer ${this.world.token}` }
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const rest = { name: 'deep', env: nested(900), constraints: nested(500) }
    return [
      this.mutation('agent.join', join, {}),
      this.mutation('agent.join', { ...join, nodes: Array(50_000).fill(0) }, {}),
      this.mutation('agent.heartbeat', { beats }, agent),
      this.mutation('agent.report', { reports: nested(900) }, agent),
      { ...this.mutation('agent.logs', null, agent), body: `{"chunks":${deep}}` },
      { ...this.mutation('deployment.deploy', null, user), body: `{"env":${deep}}` },
      { method: 'POST', path: '/api/deployment/deploy', headers: { ...json, ...user }, body: JSON.stringify(rest) },
      { method: 'POST', path: '/api/deployment/deploy', headers: { ...json, ...user }, body: `{"env":${deep}}` },
      { method: 'POST', path: '/api/auth/login', headers: json, body: `{"username":${deep}}` },
    ]
  }

  private procedureCall(): FuzzCall {
    const [path, schema] = this.pick(this.inputs.filter(([name]) => name in procedures && !skipped.has(name)))
    const procedure = procedures[path]
    const input = this.spoiled(this.valueOf(schema))
    const headers = this.identity(path.startsWith('agent.'))
    if (procedure?._def.type === 'mutation') return this.mutation(path, input, headers)
    const query = `input=${encodeURIComponent(wellFormed(JSON.stringify(input) ?? ''))}`
    const streams = procedure?._def.type === 'subscription'
    return { method: 'GET', path: `/api/trpc/${path}?${query}`, headers, ...(streams && { streams }) }
  }

  private restCall(): FuzzCall {
    const headers = this.identity(false)
    const which = this.random()
    if (which < 0.05) {
      const login = this.spoiled({ username: this.text(), password: this.text() })
      return { method: 'POST', path: '/api/auth/login', headers: json, body: JSON.stringify(login) ?? '' }
    }
    if (which < 0.2) {
      const schema = allInputs().get('GET /api/audit.csv')
      return { method: 'GET', path: `/api/audit.csv?${this.query(schema ? this.valueOf(schema) : {})}`, headers }
    }
    const { path, method, procedure } = this.pick(restCalls)
    const [schema] = procedure._def.inputs
    const input = this.spoiled(schema ? this.valueOf(schema) : {})
    const fields = typeof input === 'object' && input !== null ? { ...(input as Record<string, unknown>) } : {}
    const at = path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = fields[name]
      delete fields[name]
      return encodeURIComponent(wellFormed(String(this.chance(0.7) ? value : this.text()))) || 'x'
    })
    if (method === 'POST') {
      const key = this.chance(0.2) ? { 'idempotency-key': this.headerText() } : {}
      return { method, path: `/api${at}`, headers: { ...json, ...headers, ...key }, body: JSON.stringify(fields) }
    }
    return { method, path: `/api${at}?${this.query(fields)}`, headers }
  }

  /** A call with invalid JSON, an unknown path or unknown headers. */
  private strangeCall(): FuzzCall {
    const identity = this.identity(this.chance(0.5))
    const [name] = this.pick(Object.entries(procedures))
    const bodies = ['', '{', 'null', '"text"', '[1,2]', '{"a":', `{"a":"${'\\u0000'}"}`, 'x=1&y=2', '\u{feff}{}']
    const body = this.pick(bodies)
    const type = this.pick([
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
    ])
    const post = { method: 'POST', headers: { ...identity, 'content-type': type }, body } as const
    const get = (path: string): FuzzCall => ({ method: 'GET', path, headers: identity })
    return this.pick<() => FuzzCall>([
      () => ({ ...post, path: `/api/trpc/${name}` }),
      () => ({ ...post, path: '/api/deployment/deploy' }),
      () => ({ ...post, path: '/api/auth/login' }),
      () => ({ ...post, path: `/api/deployment/scale/${this.pick(['%00', '%ff', '%', '..', 'x'.repeat(3_000)])}` }),
      () => get(`/api/trpc/${name}?input=${this.pick(['%', '%00', '{', 'null', '%7B%22a%22', '[[[['])}`),
      () => get(`/api/trpc/${this.pick(['', '.', 'nothing.here', '__proto__', 'agent.', '%00', '%ff'])}`),
      () =>
        get(`/api/trpc/node.list,deployment.page?batch=${this.pick(['1', '0', 'x'])}&input=${this.pick(['{}', '[]'])}`),
      () =>
        get(
          `/api/deployment/${this.pick(['status/%00', 'status/%ff', 'status/', 'list?limit=NaN', 'list?limit[]=1'])}`,
        ),
      () =>
        get(
          `/api/deployment/list?${this.pick(['name=%00', 'name=%ED%A0%80', 'name=%ff', 'offset=1e99', 'sort_by=x'])}`,
        ),
      () =>
        get(
          `/api/audit.csv?${this.pick(['actor=%00', 'subject=%ED%A0%80', 'after=0000-01-01T00:00:00Z', 'action=x'])}`,
        ),
    ])()
  }

  private mutation(path: string, input: unknown, headers: Record<string, string>): FuzzCall {
    return {
      method: 'POST',
      path: `/api/trpc/${path}`,
      headers: { ...json, ...headers },
      body: JSON.stringify(input) ?? '',
    }
  }

  /** Usually a caller with permission, sometimes none, sometimes a stranger. */
  private identity(isAgent: boolean): Record<string, string> {
    const value = this.random()
    if (value < 0.15) return {}
    const bearer = value < 0.25 ? this.headerText() : isAgent ? this.world.credential : this.world.token
    return { authorization: `Bearer ${bearer}` }
  }

  private query(fields: unknown): string {
    return Object.entries((fields ?? {}) as Record<string, unknown>)
      .map(([name, value]) => {
        const spoiled = this.chance(0.3) ? this.text() : value instanceof Object ? JSON.stringify(value) : value
        return `${encodeURIComponent(wellFormed(name))}=${encodeURIComponent(wellFormed(String(spoiled)))}`
      })
      .join('&')
  }

  private node() {
    return {
      ...{ name: `fuzz-${Math.floor(this.random() * 20)}`, region: 'us-east', type: 'compute_node', labels: {} },
      ...{ engine: 'simulated', engineVersion: null, cpuCores: 4, memoryMb: 8192, storageGb: 100, gpuUnits: 0 },
      ...{ latitude: null, longitude: null },
    }
  }

  /**
   * A value that is valid for the schema, as far as its parts tell. Text and numbers also come from the lists above.
   */
  private valueOf(schema: Schema, name = ''): unknown {
    const def = definitionOf(schema)
    const parts = partsOf(schema)
    const [first] = parts
    switch (def.type) {
      case 'object':
        return Object.fromEntries(
          parts.flatMap(([field, part]) => {
            const value = this.valueOf(part, field)
            return value === undefined ? [] : [[field, value]]
          }),
        )
      case 'array':
        return Array.from({ length: Math.floor(this.random() * 3) }, () => first && this.valueOf(first[1], name))
      case 'record': {
        const [key, value] = parts
        const keys = ['disk', 'zone', 'A_B', ...(this.chance(0.2) ? [this.text()] : [])]
        return Object.fromEntries(keys.map((each) => [key ? each : '', value && this.valueOf(value[1], name)]))
      }
      case 'union':
        return this.valueOf(this.pick(parts)[1], name)
      case 'optional':
      case 'default':
      case 'prefault':
        return this.chance(0.5) && first ? this.valueOf(first[1], name) : undefined
      case 'nullable':
        return this.chance(0.7) && first ? this.valueOf(first[1], name) : null
      case 'pipe':
      case 'nonoptional':
      case 'readonly':
      case 'catch':
        return first && this.valueOf(first[1], name)
      case 'enum':
        return this.pick(Object.values(def.entries))
      case 'literal':
        return this.pick(def.values)
      case 'boolean':
        return this.chance(0.5)
      case 'number':
        return this.chance(0.3) ? this.pick(numbers) : this.within(schema)
      case 'string':
        return this.textOf(name, 'format' in def ? String(def.format) : '')
      default:
        return this.text()
    }
  }

  private within(schema: Schema): number {
    let [min, max] = [0, 100]
    for (const check of definitionOf(schema).checks ?? []) {
      const def = check._zod.def as { check: string; value?: unknown }
      if (def.check === 'greater_than' && typeof def.value === 'number') min = def.value
      if (def.check === 'less_than' && typeof def.value === 'number') max = def.value
    }
    return this.chance(0.2) ? this.pick([min, max]) : Math.floor(min + this.random() * Math.min(max - min, 20))
  }

  /** Ids and secrets by the names of their fields, so that inputs get past the first check. */
  private textOf(name: string, format: string): string {
    const { deploymentIds, nodeIds, replicaIds, joinToken } = this.world
    if (this.chance(0.25)) return this.text()
    if (name === 'joinToken') return joinToken
    if (name === 'credential') return 'f'.repeat(40)
    if (/deployment|^id$/i.test(name)) return this.pick([...deploymentIds, 'web-api'])
    if (/node/i.test(name)) return this.pick([...nodeIds, 'node-1'])
    if (/replica/i.test(name)) return this.pick(replicaIds.length > 0 ? replicaIds : nodeIds)
    if (format === 'uuid') return this.pick([...deploymentIds, ...nodeIds])
    if (format === 'datetime' || /At$|after|before|moment|from|to/.test(name)) return '2026-11-30T12:00:00Z'
    const known: Record<string, string> = { revision: '1', region: 'us-east', type: 'compute_node', at: logTime }
    return known[name] ?? (name === 'name' ? `fuzz-${Math.floor(this.random() * 30)}` : this.pick(texts.slice(0, 10)))
  }

  /** The value, changed in one or more places and occasionally unchanged. */
  private spoiled(value: unknown): unknown {
    if (this.chance(0.25)) return value
    let result = value
    const times = 1 + Math.floor(this.random() * 2)
    for (let time = 0; time < times; time++) result = this.spoiledOnce(result)
    return result
  }

  private spoiledOnce(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || this.chance(0.1)) return this.anything(value)
    if (Array.isArray(value)) {
      if (value.length === 0 || this.chance(0.2)) return [...value, this.anything(value[0])]
      const at = Math.floor(this.random() * value.length)
      return value.map((inner, index) => (index === at ? this.spoiledOnce(inner) : inner))
    }
    const names = Object.keys(value)
    if (names.length === 0 || this.chance(0.1)) return { ...value, [this.text()]: this.anything(null) }
    const at = this.pick(names)
    const { [at]: inner, ...rest } = value as Record<string, unknown>
    return this.chance(0.1) ? rest : { ...value, [at]: this.spoiledOnce(inner) }
  }

  private anything(before: unknown): unknown {
    if (typeof before === 'string' && this.chance(0.6)) return this.text()
    if (typeof before === 'number' && this.chance(0.6)) return this.pick(numbers)
    return this.pick<() => unknown>([
      () => null,
      () => this.chance(0.5),
      () => this.pick(numbers),
      () => this.text(),
      () => [],
      () => ({}),
      () => [this.text(), null, [[]]],
      () => ({ [this.text()]: this.text() }),
      () => Array(200).fill(this.text()),
      () => Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key-${index}`, index])),
      () => nested(40),
    ])()
  }

  private text(): string {
    const text = this.pick(texts)
    return this.chance(0.2) ? `${this.pick(texts).slice(0, 50)}${text}` : text
  }

  /** Headers cannot contain line breaks or anything outside Latin-1. */
  private headerText(): string {
    return (
      this.text()
        .replace(/[^\x20-\x7e\xa0-\xff]/g, '?')
        .slice(0, 2_000)
        .trim() || 'x'
    )
  }

  private pick<Item>(items: readonly Item[]): Item {
    const item = items[Math.floor(this.random() * items.length)]
    if (item === undefined && items.length === 0) throw new Error('nothing to pick from')
    return item as Item
  }

  private chance(probability: number): boolean {
    return this.random() < probability
  }
}

const json = { 'content-type': 'application/json' }
const logTime = '2026-11-30T12:00:00.000000000Z'

/** An address cannot contain half of a surrogate pair. */
const wellFormed = (text: string): string => text.replace(/\p{Cs}/gu, '�')

interface Procedure {
  _def: {
    type: 'query' | 'mutation' | 'subscription'
    inputs: z.core.$ZodType[]
    meta?: { openapi?: { method: string; path: string } }
  }
}

const procedures = appRouter._def.procedures as unknown as Record<string, Procedure>

/** These calls would end the session that the fuzzer needs. */
const skipped = new Set(['me.endSessions'])

const restCalls = Object.values(procedures).flatMap((procedure) => {
  const openapi = procedure._def.meta?.openapi
  return openapi ? [{ path: openapi.path, method: openapi.method as FuzzCall['method'], procedure }] : []
})
