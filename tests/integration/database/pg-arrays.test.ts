import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonArray, plainArray, textArray } from '@/server/db/pg-arrays'
import { type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeAll(async () => {
  cp = await testControlPlane()
})
afterAll(() => cp.close())

const read = async (type: string, array: string | null): Promise<unknown[]> => {
  const { rows } = await cp.store.pool.query<{ value: unknown }>(
    `select value from unnest($1::${type}[]) with ordinality as a(value, n) order by n`,
    [array],
  )
  return rows.map(({ value }) => value)
}

/** PostgreSQL text can hold everything except NUL. */
const text = fc.string({ unit: 'binary' }).filter((value) => !value.includes('\0'))
const awkward = fc.constantFrom(
  '',
  'NULL',
  'null',
  ' ',
  '{}',
  '","',
  '\\',
  '"',
  '\\"',
  '{a,"b"}',
  "'",
  '\n',
  '\\x41',
  'é…😀',
)
const values = fc.array(fc.option(fc.oneof(text, awkward)), { minLength: 1, maxLength: 20 })

test('text survives the round trip', async () => {
  await fc.assert(
    fc.asyncProperty(values, async (given) => {
      const nothing = given.every((value) => value === null)
      expect(await read('text', textArray(given))).toEqual(nothing ? [] : given)
    }),
    { numRuns: 300 },
  )
})

test('JSON survives the round trip', async () => {
  const json = fc.dictionary(
    fc.oneof(text, awkward),
    fc.oneof(text, awkward, fc.integer(), fc.constant([null, { a: '"' }])),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(json, { minLength: 1, maxLength: 10 }), async (given) => {
      expect(await read('jsonb', jsonArray(given))).toEqual(given)
    }),
    { numRuns: 300 },
  )
})

test('numbers, UUIDs and booleans survive the round trip', async () => {
  expect(await read('int', plainArray([1, -2, 0]))).toEqual([1, -2, 0])
  expect(await read('float8', plainArray([0.5, 16]))).toEqual([0.5, 16])
  expect(await read('boolean', plainArray([true, false]))).toEqual([true, false])
  const id = '0190c7a4-0000-7000-8000-000000000000'
  expect(await read('uuid', plainArray([id, id]))).toEqual([id, id])
  expect(await read('int', plainArray([]))).toEqual([])
})
