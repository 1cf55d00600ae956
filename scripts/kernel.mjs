/**
 * `npm run kernel`: compiles the inner loop of the fleet index (core/fleet-index/kernel, AssemblyScript) into
 * core/fleet-index/kernel-code.ts, so that the server needs no compiler. `--check` writes nothing, and fails when that
 * file differs from what the source compiles to.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inProject, packageProgram, run } from './lib/project.mjs'

const folder = 'core/fleet-index'
const codeFile = inProject(folder, 'kernel-code.ts')

/** @returns the text of kernel-code.ts, or null when the source does not compile. */
async function compile() {
  const scratch = mkdtempSync(join(tmpdir(), 'fogdeck-kernel-'))
  try {
    const binary = join(scratch, 'kernel.wasm')
    const options = ['-O3', '--enable', 'simd', '--runtime', 'stub', '--noAssert', '--initialMemory', '1']
    const program = packageProgram('assemblyscript/bin/asc.js')
    const code = await run(process.execPath, [program, `${folder}/kernel/kernel.ts`, ...options, '--outFile', binary])
    if (code !== 0) return null
    const base64 = readFileSync(binary).toString('base64')
    return `/** The compiled kernel. Made by \`npm run kernel\`; do not edit. */\nexport const code =\n  '${base64}'\n`
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

process.chdir(inProject())
const compiled = await compile()
if (compiled === null) {
  process.exitCode = 1
} else if (!process.argv.includes('--check')) {
  writeFileSync(codeFile, compiled)
  process.stdout.write(`${folder}/kernel-code.ts is up to date.\n`)
} else if (readFileSync(codeFile, 'utf8') !== compiled) {
  process.stderr.write(`${folder}/kernel-code.ts is not what the kernel compiles to: npm run kernel\n`)
  process.exitCode = 1
}
