/** The command line of `npm run chaos`. */
import { FlagError, numberFlag, parseFlags, textFlag } from '@/agent/cli/flags'
import type { ChaosOptions } from '@/tests/chaos/chaos-options'
import { breaks } from './breaks'
import { scenarios } from './shows'

export const help = `Attacks a whole control plane while a client works with it, and checks every promise from outside.

  npm run chaos -- --minutes 10 --seed S

  --minutes N     for how long faults come (10); fractions are fine
  --seed N        another number, another schedule of faults (7); the same seed, the same schedule
  --nodes N       simulated nodes (36), in programs of six
  --engines N     real container engines with real agents beside them (0); needs Linux, root and Docker Engine
  --gap SECONDS   the usual time between two faults (5)
  --plan          prints the schedule and ends
  --break A,B     breaks a mechanism first, in a copy of the source tree, to see which check catches it:
                  ${Object.keys(breaks).join(', ')}
  --show NAME     instead of a schedule, one staged scene with its figures: ${Object.keys(scenarios).join(', ')}
  --report FILE   writes the report as JSON, too

Ends with 0 when nothing was violated. Logs, the client's own log and the report are kept in .test/chaos-logs.`

/** Null when only help was requested. */
export function readOptions(args: string[]): ChaosOptions | null {
  const [flagArgs, planOnly] = [args.filter((each) => each !== '--plan'), args.includes('--plan')]
  const flags = parseFlags(flagArgs, ['minutes', 'seed', 'nodes', 'engines', 'gap', 'break', 'show', 'report'])
  if (flags.help) return null
  const asked = textFlag(flags, 'break')?.split(',') ?? []
  return {
    durationMs: (numberFlag(flags, 'minutes', { min: 0.1, max: 24 * 60 }) ?? 10) * 60_000,
    seed: numberFlag(flags, 'seed', { min: 0, max: 2 ** 32 - 1, whole: true }) ?? 7,
    nodes: numberFlag(flags, 'nodes', { min: 6, max: 600, whole: true }) ?? 36,
    engines: numberFlag(flags, 'engines', { min: 0, max: 10, whole: true }) ?? 0,
    gapMs: (numberFlag(flags, 'gap', { min: 0.2, max: 600 }) ?? 5) * 1000,
    planOnly,
    breaks: asked.map((name) => known('break', name, breaks)),
    show: flags.show === undefined ? null : known('show', textFlag(flags, 'show') ?? '', scenarios),
    reportFile: textFlag(flags, 'report') ?? null,
  }
}

function known(flag: string, name: string, all: Record<string, unknown>): string {
  if (name in all) return name
  throw new FlagError(`--${flag} must be of ${Object.keys(all).join(', ')}, not "${name}"`)
}
