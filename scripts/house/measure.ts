/** What `npm run house` counts: sizes, fullest folders, cycles, unused exports. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { sourceFiles } from '../boundaries/check'
import { circlesOf, graphOfRooms } from '../boundaries/circles'
import { roomOf } from '../boundaries/zones'
import { type FileShape, type FunctionSize, shapeOf } from './functions'
import { oldPhrasesOf, oldWordsOf } from './words'

interface House {
  files: number
  lines: number
  /** Lines per file: median, 90th percentile, longest. */
  fileLines: Spread
  functions: number
  functionLines: Spread
  longestFunctions: (FunctionSize & { file: string })[]
  longestFiles: { file: string; lines: number }[]
  /** The folders with the most files, fullest first. */
  fullestFolders: { folder: string; files: number }[]
  /** Cycles of files and of rooms. */
  circles: string[][]
  unusedExports: { file: string; name: string }[]
  manyParameters: (FunctionSize & { file: string })[]
  /** Words of our own that have a common equivalent, in identifiers and texts, with the number of occurrences. */
  oldWords: ReadonlyMap<string, number>
  oldPhrases: ReadonlyMap<string, number>
  /**
   * The files of the product that name one certain field of a deployment, which shows how many a new field touches.
   */
  filesOfOneField: string[]
}

export interface Spread {
  median: number
  p90: number
  most: number
}

const isTest = (file: string): boolean => /\.(test|spec)\.tsx?$/.test(file)
const isProduct = (file: string): boolean => /^(core|server|agent|app)\//.test(file) && !isTest(file)

/** Files whose exports are used by name: by Next.js, by tools, by WebAssembly. */
const isTakenByName = (file: string): boolean =>
  // The kernel's exports are those of its WebAssembly module.
  file.startsWith('core/fleet-index/kernel/') ||
  /^[^/]+$/.test(file) ||
  /^app\/(.*\/)?(page|layout|route|error|not-found|global-error)\.tsx?$/.test(file)

/** More than this many parameters should be one object. */
const parameterLimit = 3
/** The field as the contract and the code spell it. */
const oneField = /\b(max_per_node|maxPerNode)\b/

export function measureHouse(root: string): House {
  const files = sourceFiles(root).filter((file) => /\.tsx?$/.test(file))
  const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]))
  const shapes = new Map([...texts].map(([file, text]) => [file, shapeOf(file, text)]))
  const product = files.filter(isProduct)
  const lengths = product.map((file) => ({ file, lines: (texts.get(file) ?? '').split('\n').length - 1 }))
  const functions = product.flatMap((file) => (shapes.get(file)?.functions ?? []).map((one) => ({ file, ...one })))
  const needed = importsOf(files, shapes)
  const graph = new Map([...needed].map(([file, targets]) => [file, new Set(targets.map(({ target }) => target))]))
  return {
    files: product.length,
    lines: lengths.reduce((sum, { lines }) => sum + lines, 0),
    fileLines: spreadOf(lengths.map(({ lines }) => lines)),
    functions: functions.length,
    functionLines: spreadOf(functions.map(({ lines }) => lines)),
    longestFunctions: [...functions].sort((a, b) => b.lines - a.lines).slice(0, 5),
    longestFiles: [...lengths].sort((a, b) => b.lines - a.lines).slice(0, 5),
    fullestFolders: fullestFolders(files),
    circles: [...circlesOf(graph), ...circlesOf(graphOfRooms(graph, roomOf))],
    unusedExports: unusedExports(shapes, needed),
    manyParameters: functions.filter(({ parameters }) => parameters > parameterLimit),
    oldWords: counted(
      [...shapes].flatMap(([file, { identifiers }]) => (isWordList(file) ? [] : identifiers.flatMap(oldWordsOf))),
    ),
    oldPhrases: counted(
      [...texts, ...papers(root)].flatMap(([file, text]) => (isWordList(file) ? [] : oldPhrasesOf(text))),
    ),
    filesOfOneField: product.filter((file) => oneField.test(texts.get(file) ?? '')),
  }
}

const isWordList = (file: string): boolean => /^(scripts\/house|tests\/unit\/house)/.test(file)

function papers(root: string): [file: string, text: string][] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)
  return ['README.md', 'CONTRIBUTING.md', ...inDocs]
    .filter((file) => file.endsWith('.md'))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')])
}

function counted(found: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of found) counts.set(word, (counts.get(word) ?? 0) + 1)
  return new Map([...counts].sort(([, a], [, b]) => b - a))
}

function spreadOf(numbers: readonly number[]): Spread {
  const sorted = [...numbers].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
  return { median: at(0.5), p90: at(0.9), most: sorted.at(-1) ?? 0 }
}

function fullestFolders(files: readonly string[]): House['fullestFolders'] {
  const counts = new Map<string, number>()
  for (const file of files) counts.set(posix.dirname(file), (counts.get(posix.dirname(file)) ?? 0) + 1)
  return [...counts]
    .map(([folder, count]) => ({ folder, files: count }))
    .sort((a, b) => b.files - a.files)
    .slice(0, 5)
}

type Imports = ReadonlyMap<string, { target: string; name: string }[]>

function importsOf(files: readonly string[], shapes: ReadonlyMap<string, FileShape>): Imports {
  const byPath = new Map(files.flatMap((file) => [[file, file] as const, [file.replace(/\.tsx?$/, ''), file] as const]))
  const resolve = (from: string, specifier: string): string | null => {
    const path = specifier.startsWith('@/') ? specifier.slice(2) : posix.join(posix.dirname(from), specifier)
    return byPath.get(posix.normalize(path)) ?? byPath.get(`${posix.normalize(path)}/index`) ?? null
  }
  return new Map(
    [...shapes].map(([file, { imports }]) => [
      file,
      imports.flatMap(({ specifier, name }) => {
        if (!/^(@\/|\.)/.test(specifier)) return []
        const target = resolve(file, specifier)
        return target === null ? [] : [{ target, name }]
      }),
    ]),
  )
}

/** A door re-exports, so an import from a door counts as an import from the room behind it. */
function unusedExports(shapes: ReadonlyMap<string, FileShape>, imports: Imports): House['unusedExports'] {
  const taken = new Set<string>()
  for (const targets of imports.values()) for (const { target, name } of targets) taken.add(`${target} ${name}`)
  const isTakenFrom = (file: string, name: string): boolean =>
    taken.has(`${file} ${name}`) ||
    [...imports].some(
      ([other, targets]) =>
        targets.some((one) => one.target === file && one.name === '*') &&
        (!other.endsWith('/index.ts') || isTakenFrom(other, name)),
    )
  return [...shapes].flatMap(([file, { exports }]) =>
    isTakenByName(file) ? [] : exports.filter((name) => !isTakenFrom(file, name)).map((name) => ({ file, name })),
  )
}
