/** The pictures of docs/architecture.md match the source. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { drawingOf, palettes } from '@/scripts/architecture/drawing'
import { type Arrow, parts, readArchitecture } from '@/scripts/architecture/graph'

const read = readArchitecture('.')

test.each(Object.entries(palettes))('the %s picture is up to date (npm run architecture)', (name, palette) => {
  expect(drawingOf(read, palette)).toBe(readFileSync(`docs/images/architecture-${name}.svg`, 'utf8'))
})

test('every part has files, and is imported by another part or is an entry point', () => {
  expect(read.boxes.filter(({ files }) => files === 0)).toEqual([])
  const imported = new Set(read.arrows.map(({ to }) => to))
  expect(parts.map(({ name }) => name).filter((name) => !imported.has(name))).toEqual([
    'app: routes',
    'server/gateway',
    'server/worker',
    'agent',
  ])
})

describe('a drawing', () => {
  const box = (name: string, row: number) => ({
    name,
    what: 'a part',
    at: { row, from: 0, to: 24 },
    rooms: [],
    files: 1,
  })
  const boxes = [box('top', 0), box('middle', 1), box('base', 2)]
  const arrow = (from: string, to: string, typesOnly = false): Arrow => ({ from, to, typesOnly })
  const drawn = (...arrows: Arrow[]): string[] =>
    [...drawingOf({ boxes, arrows }, palettes.light).matchAll(/<path d="M[^>]*><title>([^<]*)</g)].map(
      ([, ends]) => ends ?? '',
    )

  test('leaves out a dependency that a path over other parts implies, unless that path begins with types only', () => {
    const onward = [arrow('middle', 'base'), arrow('top', 'base')]
    expect(drawn(arrow('top', 'middle'), ...onward)).toEqual(['top → middle', 'middle → base'])
    expect(drawn(arrow('top', 'middle', true), ...onward)).toEqual(['top → middle', 'middle → base', 'top → base'])
  })

  test('is refused when a part imports something that is not below it', () => {
    expect(() => drawn(arrow('base', 'top'))).toThrow('base imports top, which does not stand below it')
  })
})
