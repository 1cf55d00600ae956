import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { breaks } from '../chaos/breaks'

const project = join(import.meta.dirname, '..', '..')
const patches = Object.entries(breaks).flatMap(([name, { patches = [] }]) =>
  patches.map((patch) => ({ name, ...patch })),
)

test.each(patches)('the break $name finds what it breaks in $file', ({ file, find }) => {
  expect(readFileSync(join(project, file), 'utf8').split(find)).toHaveLength(2)
})
