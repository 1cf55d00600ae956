import { initTRPC, TRPCError } from '@trpc/server'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { previewSchema } from '@/core/contract/deployments'
import { agentText, agentTime, agentWhole, personText, personTime } from '@/core/contract/fields'
import { recordOf } from '@/core/contract/form-fields'
import { int4, isWithin } from '@/core/contract/ranges'
import { isRule } from '@/core/contract/rules'
import { fieldsOf, sentenceOf } from '@/server/api/context/trpc'
import { allInputs, definitionOf, partsOf, type Schema } from '@/testing/input-fields'

const t = initTRPC.create()

const checksOf = (schema: Schema) => definitionOf(schema).checks ?? []
const hasRule = (schema: Schema): boolean => isRule(schema) || checksOf(schema).some(isRule)

/** The bounds that a schema's checks set on its value or its length. */
function boundsOf(schema: Schema): { min: number; max: number } {
  let [min, max] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (const check of checksOf(schema)) {
    const def = check._zod.def as { check: string; value?: unknown; maximum?: number }
    if (def.check === 'greater_than' && typeof def.value === 'number') min = Math.max(min, def.value)
    if (def.check === 'less_than' && typeof def.value === 'number') max = Math.min(max, def.value)
    if (def.check === 'max_length' && def.maximum !== undefined) max = Math.min(max, def.maximum)
  }
  return { min, max }
}

const isRepaired = (schema: Schema): boolean =>
  checksOf(schema).some((check) => isRule(check) && check._zod.def.check === 'overwrite')

/** Leaf types whose values the database always accepts. */
const harmless = new Set(['boolean', 'enum', 'literal', 'null', 'undefined', 'never', 'transform'])
const composed = new Set([
  ...['object', 'union', 'optional', 'nullable', 'default', 'prefault', 'nonoptional'],
  ...['readonly', 'catch', 'pipe', 'intersection', 'tuple'],
])

/** What is wrong with one schema, without its parts; null for nothing. */
function problemOf(schema: Schema): string | null {
  const def = definitionOf(schema)
  if (harmless.has(def.type) || composed.has(def.type)) return null
  if (def.type === 'string') {
    const format = 'format' in def ? def.format : undefined
    if (format === 'uuid') return null
    if (!hasRule(schema)) return 'is text without the rule for text or times: use personText, agentText or personTime'
    const bounded = isRepaired(schema) || format === 'datetime' || format === 'date'
    return bounded || boundsOf(schema).max < Number.POSITIVE_INFINITY ? null : 'is text of any length'
  }
  if (def.type === 'number') {
    const { min, max } = boundsOf(schema)
    return hasRule(schema) || (isWithin(min, int4) && isWithin(max, int4)) ? null : 'is a number without a range'
  }
  if (def.type === 'array')
    return hasRule(schema) || boundsOf(schema).max < Number.POSITIVE_INFINITY ? null : 'is a list of any length'
  if (def.type === 'record') return hasRule(schema) ? null : 'is a record of any size: use recordOf'
  return `is of type ${def.type}, which can hold anything`
}

/** Every field that could accept values that the database refuses, as "path: problem". */
function problemsIn(schema: Schema, where: string): string[] {
  // A schema that is a rule as a whole also checks its parts.
  if (isRule(schema)) return []
  const own = problemOf(schema)
  const inner = partsOf(schema).flatMap(([name, part]) => problemsIn(part, name === '' ? where : `${where}.${name}`))
  return own === null ? inner : [`${where} ${own}`, ...inner]
}

describe('every input', () => {
  it('uses the rules for text, numbers, times, lists and records', () => {
    const inputs = allInputs()
    expect(inputs.size).toBeGreaterThan(60)
    expect([...inputs].flatMap(([path, schema]) => problemsIn(schema, path))).toEqual([])
  })

  it('is checked at any depth: a field without a rule is found', () => {
    const bad = z.object({
      text: z.string(),
      trimmed: z.string().trim().max(100).optional(),
      pattern: z.string().regex(/^[^x]*$/),
      number: z.number(),
      whole: z.number().int().min(0),
      list: z.array(z.uuid()),
      record: z.record(z.uuid(), z.boolean()),
      time: z.iso.datetime(),
      long: personText({ max: 9 }).or(z.string().min(1)),
      anything: z.unknown(),
      deep: z.array(z.object({ inner: z.nullable(z.string()) })).max(3),
    })
    expect(problemsIn(bad, 'bad').map((line) => line.split(' ')[0])).toEqual([
      ...['bad.text', 'bad.trimmed', 'bad.pattern', 'bad.number', 'bad.whole', 'bad.list', 'bad.record', 'bad.time'],
      ...['bad.long', 'bad.anything', 'bad.deep.*.inner'],
    ])
    const good = z.object({
      text: personText({ max: 100 }).min(1),
      reason: agentText({ max: 100 }).nullable(),
      code: agentWhole(int4),
      at: personTime().optional(),
      seen: agentTime().default(null),
      record: recordOf({ key: personText({ max: 5 }), value: z.boolean() }, 10),
    })
    expect(problemsIn(good, 'good')).toEqual([])
  })
})

describe('text of a person', () => {
  it('is refused with its field and a message that says what to do', () => {
    const parsed = z.object({ name: personText({ max: 10 }) }).safeParse({ name: 'a\u{0}b' })
    expect(parsed.error?.issues).toMatchObject([
      { path: ['name'], message: 'Character 2 is a control character (U+0000): take it out' },
    ])
  })
})

describe('a report of an agent', () => {
  it('is cleaned rather than refused', () => {
    const report = z.object({ reason: agentText({ max: 5 }), exitCode: agentWhole(int4), startedAt: agentTime() })
    expect(report.parse({ reason: 'a\u{0}bcdef', exitCode: 2 ** 40, startedAt: '0000-01-01T00:00:00Z' })).toEqual({
      reason: 'a�bc…',
      exitCode: null,
      startedAt: null,
    })
  })
})

describe('the problems of a refused call', () => {
  it.each([
    ['zod', z.object({ replicas: z.number() })],
    ['zod/mini', previewSchema],
  ] as const)('name the fields, whether the schema is of %s', async (_, schema) => {
    const probe = t.router({ ask: t.procedure.input(schema).query(() => 'answered') }).createCaller({})
    const refused = await probe.ask({ replicas: 'two' } as never).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(TRPCError)
    expect(fieldsOf(refused as TRPCError).map(({ path }) => path)).toContain('replicas')
    expect(sentenceOf(refused as TRPCError)).toMatch(/replicas/)
  })
})
