/** Compiles pass.c if there is a compiler, and runs it beside the others. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { defaultPolicy, type FleetNode } from '@/core/placement/types'
import { shapeRegions } from '@/testing/fleets/fleet-shapes'
import { held, localitiesOf, stream } from './contenders'
import { PlainColumns } from './plain'

export interface CompiledPass {
  program: string
  /** The compiler and its flags. */
  made: string
  remove: () => void
}

/** Null when there is no C compiler. */
export function compilePass(): CompiledPass | null {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const program = join(folder, 'pass')
  for (const compiler of ['gcc', 'cc', 'clang']) {
    const args = ['-O3', '-std=c11', '-D_POSIX_C_SOURCE=199309L', '-o', program, join(import.meta.dirname, 'pass.c')]
    if (spawnSync(compiler, args, { stdio: 'inherit' }).status === 0) {
      const version = spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0]
      return { program, made: `${version} -O3`, remove }
    }
  }
  remove()
  return null
}

const preferredRegions: readonly (string | null)[] = [null, ...shapeRegions]

function writeFleet(file: string, fleet: FleetNode[]): void {
  const columns = new PlainColumns(fleet, localitiesOf(fleet))
  const { weights } = defaultPolicy
  const head = [fleet.length, stream.length, held, shapeRegions.length, weights.resources, weights.load]
  const requests = stream.flatMap(({ resources: { cpuMillis, memoryMb, storageGb, gpuUnits }, region }) => [
    cpuMillis,
    memoryMb,
    storageGb,
    gpuUnits,
    preferredRegions.indexOf(region),
  ])
  const parts = [
    Float64Array.from(head),
    columns.cpu,
    columns.memory,
    columns.cpuFree,
    columns.memoryFree,
    columns.storageFree,
    columns.gpuFree,
    columns.cpuUsage,
    columns.memoryUsage,
    columns.cpuUnseen,
    columns.memoryUnseen,
    columns.idle,
    Float64Array.from(columns.regions),
    columns.localities,
    Float64Array.from(requests),
  ]
  rmSync(file, { force: true })
  for (const part of parts) appendFileSync(file, new Uint8Array(part.buffer))
}

export class CPass {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  constructor({ program }: CompiledPass, fleet: FleetNode[]) {
    const file = `${program}.fleet`
    writeFleet(file, fleet)
    this.#child = spawn(program, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  /** Decides on the next `count` deployments. */
  async run(count: number): Promise<{ ns: number; slots: number[] }> {
    this.#child.stdin.write(`${count}\n`)
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the C program ended')
    const [ns = 0, ...slots] = value.split(' ').map(Number)
    return { ns, slots }
  }

  end(): void {
    this.#child.stdin.end()
  }
}
