/** Where the project is, and small things that the scripts without dependencies share. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const inProject = (...parts) => join(root, ...parts)

/** A program of a package, to be run with Node itself (no shell, no .cmd files). */
export const packageProgram = (path) => inProject('node_modules', path)

/** A hash of the names and contents of files; folders stand for all that is in them. Missing ones count as empty. */
export function contentHash(paths, skip = () => false) {
  const hash = createHash('sha256')
  const add = (path) => {
    const name = relative(root, path).split(sep).join('/')
    const found = statSync(path, { throwIfNoEntry: false })
    if (!found || skip(name)) return
    if (found.isDirectory()) for (const entry of readdirSync(path).sort()) add(join(path, entry))
    else hash.update(`${name}\0${found.size}\0`).update(readFileSync(path))
  }
  for (const path of paths) add(inProject(path))
  return hash.digest('hex')
}

/** Whether `file` says that it was made from what has this hash. */
export const isMarked = (file, hash) => existsSync(file) && readFileSync(file, 'utf8') === hash
export function mark(file, hash) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, hash)
}

/**
 * Runs a program to its end and gives its exit code (1 when it could not be started, 128 or more after a signal).
 * Quiet: what it prints is shown only when it fails.
 */
export function run(program, args, { env = {}, quiet = false } = {}) {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  })
  const kept = []
  child.stdout?.on('data', (chunk) => kept.push(chunk))
  child.stderr?.on('data', (chunk) => kept.push(chunk))
  return new Promise((resolve) => {
    const end = (code) => {
      if (code !== 0) process.stderr.write(Buffer.concat(kept))
      resolve(code)
    }
    // Who is asked to end asks the program to end.
    const pass = (signal) => child.kill(signal)
    process.on('SIGINT', pass).on('SIGTERM', pass)
    child.on('exit', () => process.off('SIGINT', pass).off('SIGTERM', pass))
    child.on('error', (error) => {
      kept.push(Buffer.from(`${program}: ${error.message}\n`))
      end(1)
    })
    child.on('close', (code, signal) => end(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}

/** The program is run as `node scripts/NAME.mjs` rather than imported. */
export const isMain = (url) => process.argv[1] !== undefined && fileURLToPath(url) === realpathSync(process.argv[1])
