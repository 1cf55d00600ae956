/** The common options and the output of all benchmarks. */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { machine } from './scratch'

export const print = (line: string): void => void process.stdout.write(`${line}\n`)

interface Program {
  /** The value of an option as a number. */
  number(name: string): number
  /** Writes the results as JSON for other programs. */
  save(results: object): void
}

/**
 * Reads the command line; `--help` prints the usage and exits. `numbers` are options with their defaults; `--json FILE`
 * and `--rounds N` always exist.
 */
export function benchmark(name: string, usage: string, numbers: Record<string, number>): Program {
  const options: NonNullable<ParseArgsConfig['options']> = { json: { type: 'string' }, help: { type: 'boolean' } }
  const defaults: Record<string, number> = { rounds: 11, ...numbers }
  for (const option of Object.keys(defaults)) options[option] = { type: 'string' }
  const { values } = parseArgs({ options })
  if (values.help) {
    const list = Object.entries(defaults).map(([option, value]) => `[--${option} ${value}]`)
    print(`npm run bench -- ${name} [--json FILE] ${list.join(' ')}\n\n${usage}`)
    process.exit(0)
  }
  const load = loadavg()[0]?.toFixed(1)
  print(`${machine()}, load ${load} at the start\n`)
  return {
    number: (option) => {
      const value = Number(values[option] ?? defaults[option])
      if (!Number.isFinite(value) || value <= 0) throw new Error(`--${option} takes a number above 0`)
      return value
    },
    save: (results) => {
      const report = { benchmark: name, machine: machine(), loadAtStart: Number(load), ...results }
      if (typeof values.json === 'string') writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
    },
  }
}
