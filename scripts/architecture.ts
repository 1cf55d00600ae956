/**
 * `npm run architecture`: draws the pictures of docs/architecture.md from the imports of the source. With `--check` it
 * writes nothing and exits with 1 when a picture is out of date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { drawingOf, palettes } from './architecture/drawing'
import { readArchitecture } from './architecture/graph'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const root = resolve(import.meta.dirname, '..')
const architecture = readArchitecture(root)

for (const [name, palette] of Object.entries(palettes)) {
  const file = resolve(root, `docs/images/architecture-${name}.svg`)
  const drawing = drawingOf(architecture, palette)
  if (!values.check) {
    mkdirSync(resolve(file, '..'), { recursive: true })
    writeFileSync(file, drawing)
  } else if (readFileSync(file, 'utf8') !== drawing) {
    process.stderr.write(`docs/images/architecture-${name}.svg is out of date: npm run architecture\n`)
    process.exitCode = 1
  }
}
