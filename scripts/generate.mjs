/**
 * Generates the database client (server/db/generated) from prisma/schema.prisma. Does nothing when it is up to date.
 */
import { contentHash, inProject, isMain, isMarked, mark, packageProgram, run } from './lib/project.mjs'

/** @returns an exit code. */
export async function generate({ quiet = false } = {}) {
  const hash = contentHash(['prisma/schema.prisma', 'node_modules/prisma/package.json'])
  const marker = inProject('server/db/generated/.made-from')
  if (isMarked(marker, hash)) return 0
  const code = await run(process.execPath, [packageProgram('prisma/build/index.js'), 'generate'], {
    quiet,
    // Any program will do: the generator checks for the schema engine, and would download it, but does not use it.
    env: { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  })
  if (code === 0) mark(marker, hash)
  return code
}

if (isMain(import.meta.url)) process.exitCode = await generate()
