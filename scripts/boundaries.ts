/**
 * Checks imports between the parts of the project: node --import tsx scripts/boundaries.ts [--root DIR] [--min-files
 * N]. Exits with 1 when there is a violation.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkTree } from './boundaries/check'

const { values } = parseArgs({
  options: {
    root: { type: 'string', default: resolve(import.meta.dirname, '..') },
    'min-files': { type: 'string', default: '100' },
    help: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

if (values.help) {
  say('node --import tsx scripts/boundaries.ts [--root DIR] [--min-files N]')
  say('Checks that every source file imports only what scripts/boundaries/zones.ts allows.')
  say('Fails, too, when it finds fewer than N files (100): a check that sees nothing proves nothing.')
} else {
  const { files, imports, violations } = checkTree(resolve(values.root))
  for (const { file, line, what, rule } of violations) say(`${file}:${line}  ${what}\n    ${rule}`)
  const tooFew = files < Number(values['min-files'])
  if (tooFew)
    say(`Only ${files} source files found, expected ${values['min-files']} or more: is this the right folder?`)
  if (violations.length > 0) say(`${violations.length} imports cross a boundary.`)
  if (violations.length > 0 || tooFew) process.exitCode = 1
  else say(`Boundaries hold: ${files} files, ${imports} imports.`)
}
