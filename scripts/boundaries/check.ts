/** Checks the imports of a source tree against the zones. */
import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, posix } from 'node:path'
import { circlesOf, graphOfRooms } from './circles'
import { type Import, parseSource, type Source } from './parse'
import { computedImports, doors, keptPackages, notScanned, roomOf, type Zone, zones } from './zones'

interface Violation {
  /** From the root, with forward slashes. */
  file: string
  line: number
  /** The import as written, or what is impure. */
  what: string
  rule: string
}

interface Report {
  files: number
  imports: number
  violations: Violation[]
}

const sourceFile = /\.[cm]?[jt]sx?$/

/** All source files below the root, sorted, so that reports are the same everywhere. */
export function sourceFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .map((entry) => ({ entry, path: posix.join(folder, entry.name) }))
    .filter(({ path }) => !notScanned.some((pattern) => pattern.test(path)))
    .flatMap(({ entry, path }) => {
      if (entry.isDirectory()) return sourceFiles(root, path)
      return entry.isFile() && sourceFile.test(path) ? [path] : []
    })
    .sort()
}

const bareOf = (path: string): string => path.replace(sourceFile, '')

const zoneOfPath = (path: string): Zone | null => {
  const bare = bareOf(path)
  // A folder stands for its index: `core/journal` is in the zone of `core/journal/`.
  return zones.find((zone) => zone.files.test(bare)) ?? zones.find((zone) => zone.files.test(`${bare}/index`)) ?? null
}

const zoneNamed = (name: string): Zone => {
  const zone = zones.find((one) => one.name === name)
  if (!zone) throw new Error(`no zone is named ${name}`)
  return zone
}

const zoneOfSource = (path: string, source: Source): Zone | null => {
  const zone = zoneOfPath(path)
  return zone?.name === 'app' && source.client ? zoneNamed('client') : zone
}

/** The path from the root that an import means, or null for a package. */
function projectPath(file: string, specifier: string): string | null {
  if (specifier.startsWith('@/')) return posix.normalize(specifier.slice(2))
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : null
}

/**
 * A folder with an index is not a file of its parent folder: `server/store` is in the zone store, not among the files
 * of the server.
 */
function zoneOfTarget(path: string): Zone | null {
  const folder = zones.find((zone) => zone.files.test(`${path}/`) && !zone.files.test(path))
  return folder ?? zoneOfPath(path)
}

function packageProblem(zone: Zone, specifier: string): string | null {
  if (zone.packages?.test(specifier)) return null
  if (zone.pure) {
    const kind = specifier.startsWith('node:') || builtinModules.includes(specifier) ? 'Node’s modules' : 'packages'
    return `${zone.name} may not import ${kind}: ${zone.because}`
  }
  const kept = keptPackages.find(({ packages }) => packages.test(specifier))
  if (!kept || kept.zones.includes(zone.name)) return null
  return `${zone.name} may not import it: ${kept.because}`
}

function importProblem(file: string, zone: Zone, { specifier, typeOnly }: Import): string | null {
  const path = projectPath(file, specifier)
  if (path === null) return packageProblem(zone, specifier)
  if (path.startsWith('..')) return 'it lies outside the project'
  // The manifest is data that contains the version, and styles may be imported by any page.
  if ((path === 'package.json' || path.endsWith('.css')) && !zone.pure) return null
  const target = zoneOfTarget(path)
  if (!target) return `${path} belongs to no zone: give it one in scripts/boundaries/zones.ts`
  const door = doors.find(({ room }) => room.test(path))
  if (door && !door.room.test(file) && zone.name !== 'tests' && bareOf(path) !== `${door.door}/index`)
    return `it stands behind a door: import it from @/${door.door}`
  if (zone.apart && target.name === zone.name) return `${zone.name} may not import one another: ${zone.because}`
  // Whether a part of a page runs in the browser is decided by that part, not by its importers.
  if (zone.values.includes(target.name)) return null
  if (zone.types?.includes(target.name)) {
    return typeOnly ? null : `${zone.name} may import only types of ${target.name} (“import type”): ${zone.because}`
  }
  const allowed = [...zone.values, ...(zone.types ?? []).map((name) => `types of ${name}`)].join(', ')
  return `${zone.name} may not import ${target.name}, only ${allowed}: ${zone.because}`
}

interface Checked {
  imports: number
  /** Imports within the project, as paths from the root, often without an extension. */
  paths: { path: string; typeOnly: boolean }[]
  violations: Violation[]
}

/** Checks the text of one file. */
export function checkSource(file: string, text: string): Checked {
  const source = parseSource(file, text)
  const violations: Violation[] = []
  const report = (line: number, what: string, rule: string): void => {
    violations.push({ file, line, what, rule })
  }
  for (const error of source.errors) report(1, error, 'the file cannot be parsed, so nothing in it can be checked')
  const zone = zoneOfSource(file, source)
  if (!zone) {
    report(1, file, 'the file belongs to no zone: give it one in scripts/boundaries/zones.ts')
    return { imports: source.imports.length, paths: [], violations }
  }
  for (const one of source.imports) {
    const problem = importProblem(file, zone, one)
    if (problem) report(one.line, `import '${one.specifier}'`, problem)
  }
  if (!computedImports.some((pattern) => pattern.test(bareOf(file)))) {
    for (const line of source.computed) report(line, 'import of a computed name', 'nobody can tell what it imports')
  }
  if (zone.pure) {
    for (const { what, line } of source.impure)
      report(line, what, `${zone.name} is pure: time and chance are arguments`)
  }
  const paths = source.imports.flatMap(({ specifier, typeOnly }) => {
    const path = projectPath(file, specifier)
    return path === null ? [] : [{ path, typeOnly }]
  })
  return { imports: source.imports.length, paths, violations: violations.sort((a, b) => a.line - b.line) }
}

/** Checks every source file below the root, first one by one and then for cycles. */
export function checkTree(root: string): Report {
  const report: Report = { files: 0, imports: 0, violations: [] }
  const files = sourceFiles(root)
  const byBare = new Map(files.map((file) => [bareOf(file), file]))
  const graph = new Map<string, Set<string>>()
  for (const file of files) {
    const { imports, paths, violations } = checkSource(file, readFileSync(join(root, file), 'utf8'))
    report.files += 1
    report.imports += imports
    report.violations.push(...violations)
    const needed = paths.flatMap(({ path }) => byBare.get(bareOf(path)) ?? byBare.get(`${path}/index`) ?? [])
    graph.set(file, new Set(needed))
  }
  report.violations.push(...circles(graph))
  return report
}

function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): Violation[] {
  const ofFiles = circlesOf(graph).map((way) => ({ way, rule: 'files may not need one another in a circle' }))
  const rooms = graphOfRooms(graph, roomOf)
  const ofRooms = circlesOf(rooms).map((way) => ({ way, rule: 'rooms (folders) may not need one another in a circle' }))
  return [...ofFiles, ...ofRooms].map(({ way, rule }) => ({ file: way[0] ?? '', line: 1, what: way.join(' → '), rule }))
}
