/**
 * The imports of a source file and the names it uses, found by a real parser, which comments and strings cannot fool.
 */
import { parseSync } from 'vite'

export interface Import {
  specifier: string
  /** True when the import is gone at run time. */
  typeOnly: boolean
  line: number
}

export interface Source {
  imports: Import[]
  /** The file starts with 'use client'. */
  client: boolean
  /** Uses of the clock, of random numbers and of the outside world, and awaits. */
  impure: { what: string; line: number }[]
  /** Imports with a computed target, which cannot be checked. */
  computed: number[]
  errors: string[]
}

interface Node {
  type: string
  start: number
  [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

const textOf = (node: unknown): string | null => {
  if (!isNode(node)) return null
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || node.quasis.length !== 1) return null
  const [only] = node.quasis as { value?: { cooked?: string } }[]
  return only?.value?.cooked ?? null
}

const nameOf = (node: unknown): string | null =>
  isNode(node) && node.type === 'Identifier' && typeof node.name === 'string' ? node.name : null

const impureGlobals = new Set([
  ...['process', 'performance', 'crypto', 'fetch', 'console', 'globalThis', 'navigator', 'window'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Intl'],
])

/** What is impure about one node of the tree, or null. */
function impurityOf(node: Node): string | null {
  const isAsync = /^(Arrow)?Function/.test(node.type) && node.async === true
  if (isAsync || node.type === 'AwaitExpression') return node.type === 'AwaitExpression' ? 'await' : 'async'
  if (node.type === 'MemberExpression') {
    const object = nameOf(node.object)
    const name = nameOf(node.property)
    if (object === 'Math' && name === 'random') return 'Math.random'
    if (object === 'Date' && name === 'now') return 'Date.now'
    if (object !== null && impureGlobals.has(object)) return object
    if (name === 'localeCompare' || name?.startsWith('toLocale')) return name
  }
  if (node.type === 'NewExpression' && nameOf(node.callee) === 'Date') {
    return Array.isArray(node.arguments) && node.arguments.length === 0 ? 'new Date()' : null
  }
  if (node.type === 'CallExpression' || node.type === 'NewExpression') {
    const callee = nameOf(node.callee)
    if (callee !== null && (callee === 'Date' || impureGlobals.has(callee))) return callee
  }
  return null
}

/** The import that a node makes, 'computed' for an unknown target, or null. */
function importOf(node: Node): { specifier: string; typeOnly: boolean } | 'computed' | null {
  switch (node.type) {
    // `import { type A } from 'a'` remains as `import 'a'`: only `import type` is removed completely.
    case 'ImportDeclaration':
      return { specifier: textOf(node.source) ?? '', typeOnly: node.importKind === 'type' }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration': {
      const specifier = textOf(node.source)
      return specifier === null ? null : { specifier, typeOnly: node.exportKind === 'type' }
    }
    case 'TSImportType':
      return { specifier: textOf(node.source) ?? textOf(node.argument) ?? '', typeOnly: true }
    case 'TSExternalModuleReference':
      return { specifier: textOf(node.expression) ?? '', typeOnly: false }
    case 'ImportExpression': {
      const specifier = textOf(node.source)
      return specifier === null ? 'computed' : { specifier, typeOnly: false }
    }
    case 'CallExpression': {
      if (nameOf(node.callee) !== 'require' || !Array.isArray(node.arguments)) return null
      const specifier = textOf(node.arguments[0])
      return specifier === null ? 'computed' : { specifier, typeOnly: false }
    }
    default:
      return null
  }
}

export function parseSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text)
  const source: Source = { imports: [], client: false, impure: [], computed: [], errors: [] }
  source.errors = errors.map((error) => error.message)
  const lineOf = (node: Node): number => text.slice(0, node.start).split('\n').length
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item)
      return
    }
    if (!isNode(value)) return
    const found = importOf(value)
    if (found === 'computed') source.computed.push(lineOf(value))
    else if (found) source.imports.push({ ...found, line: lineOf(value) })
    const what = impurityOf(value)
    if (what) source.impure.push({ what, line: lineOf(value) })
    for (const field of Object.values(value)) visit(field)
  }
  visit(program)
  source.client = program.body.some((node) => 'directive' in node && node.directive === 'use client')
  return source
}
