/** Builds the pages for production (.next). Does nothing when their sources are unchanged. */
import { existsSync, rmSync } from 'node:fs'
import { generate } from './generate.mjs'
import { contentHash, inProject, isMain, isMarked, mark, packageProgram, run } from './lib/project.mjs'

const sources = [
  ...[
    'app',
    'core',
    'server',
    'public',
    'prisma/schema.prisma',
    'package-lock.json',
    'next.config.js',
    'postcss.config.mjs',
  ],
  ...['tsconfig.json', 'instrumentation.ts', 'instrumentation-node.ts', 'proxy.ts'],
]
const isNoSource = (name) => /\.test\.tsx?$/.test(name) || name.startsWith('server/db/generated/')

const marker = inProject('.next/made-from')

export const isBuilt = () =>
  existsSync(inProject('.next/BUILD_ID')) && isMarked(marker, contentHash(sources, isNoSource))

/** @returns an exit code. */
export async function build({ quiet = false } = {}) {
  const generated = await generate({ quiet })
  if (generated !== 0 || isBuilt()) return generated
  // Computed before the build, so that a change during the build leads to another one.
  const hash = contentHash(sources, isNoSource)
  rmSync(marker, { force: true })
  const code = await run(process.execPath, [packageProgram('next/dist/bin/next'), 'build'], {
    quiet,
    env: { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
  })
  if (code === 0) mark(marker, hash)
  return code
}

if (isMain(import.meta.url)) {
  if (process.argv.includes('--check')) process.exitCode = isBuilt() ? 0 : 1
  else process.exitCode = await build({ quiet: process.argv.includes('--quiet') })
}
