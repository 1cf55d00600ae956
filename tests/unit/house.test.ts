/** What `npm run house` counts, and the limits that this code base keeps. */
import { describe, expect, test } from 'vitest'
import { shapeOf } from '@/scripts/house/functions'
import { measureHouse } from '@/scripts/house/measure'
import { oldPhrasesOf, oldWordsOf } from '@/scripts/house/words'

describe('the shape of a file', () => {
  const text = `import { a, type B } from './one'
import * as all from './two'
export { c as d } from './three'
export * from './four'
export const f = (x: B, y: number, z: string, w: boolean) => {
  return all.g(a, x, y, z, w)
}
export interface Shown { name: string }
class Hidden { method(this: Hidden, one: number) { return one } }
export default Hidden
`

  test('lists each function with its name, lines and parameters', () => {
    expect(shapeOf('a.ts', text).functions).toEqual([
      { name: 'f', line: 5, lines: 3, parameters: 4 },
      { name: 'method', line: 9, lines: 1, parameters: 1 },
    ])
  })

  test('lists exports and imports by name', () => {
    const { exports, imports } = shapeOf('a.ts', text)
    expect(exports).toEqual(['d', 'f', 'Shown'])
    expect(imports.map(({ specifier, name }) => `${specifier} ${name}`)).toEqual([
      './one a',
      './one B',
      './two *',
      './three c',
      './four *',
    ])
  })

  test('cannot be read from a file that cannot be parsed', () => {
    expect(() => shapeOf('a.ts', 'const = 1')).toThrow('a.ts cannot be parsed')
  })
})

describe('old words', () => {
  test.each([
    ['wishRow', ['wish']],
    ['askedWishes', ['wishes']],
    ['isSilent', ['silent']],
    ['swish', []],
    // A column of the contract.
    ['wanted_revision', []],
  ])('in the identifier %s are %j', (identifier, words) => {
    expect(oldWordsOf(identifier)).toEqual(words)
  })

  test('are found in texts across the lines of a comment and in any case', () => {
    expect(oldPhrasesOf('/**\n * The Storm\n * brake holds.\n */ and the storm brake')).toEqual([
      'storm brake',
      'storm brake',
    ])
    expect(oldPhrasesOf('A brainstorm brakes nothing')).toEqual([])
  })
})

test('this code base has no cycles, no crowded folder, hardly any unused export and none of the old words', () => {
  const house = measureHouse('.')

  expect(house.circles).toEqual([])
  expect(house.fullestFolders[0]?.files).toBeLessThanOrEqual(25)
  expect(house.unusedExports.length).toBeLessThan(20)
  expect(house.files).toBeGreaterThan(500)
  // `npm run house -- --list` names them.
  expect([...house.oldWords]).toEqual([])
  expect([...house.oldPhrases]).toEqual([])
})
