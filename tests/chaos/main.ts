/** `npm run chaos`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FlagError } from '@/agent/cli/flags'
import { help, readOptions } from './options'
import { reportText } from './report'
import { faultsOf, runChaos } from './run'
import { describeFault } from './schedule'
import { scenarios } from './shows'
import { logFolder } from './stack'

const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => print(`${(performance.now() / 1000).toFixed(1).padStart(7)} s  ${text}`)

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    print(help)
    return 0
  }
  if (options.planOnly) {
    for (const fault of faultsOf(options)) print(describeFault(fault))
    return 0
  }
  const show = options.show === null ? null : scenarios[options.show]
  if (show) return (await show.play(options, say)) ? 0 : 1
  const report = await runChaos(options, say)
  print(reportText(report))
  for (const file of [join(logFolder, 'report.json'), ...(options.reportFile ? [options.reportFile] : [])])
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  return report.verdict.broken.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof FlagError ? error.message : (error.stack ?? error)}\n`)
    process.exit(2)
  },
)
