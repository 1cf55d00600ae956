/** The functions of a file with their lengths and parameter counts, its exports and imports, and its identifiers. */
import { parseSync } from 'vite'

export interface FunctionSize {
  /** The name of the function, or `(anonymous)`. */
  name: string
  line: number
  /** From the first to the last line, inclusive. */
  lines: number
  parameters: number
}

export interface FileShape {
  functions: FunctionSize[]
  /** Names that other files can import, except `default`. */
  exports: string[]
  /** Imports by name: the specifier as written, and the name, or `*` for everything. */
  imports: { specifier: string; name: string }[]
  /** Every occurrence of an identifier. */
  identifiers: string[]
}

interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'

const nodesOf = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : [])

const nameOf = (node: unknown): string | null =>
  isNode(node) && (node.type === 'Identifier' || node.type === 'PrivateIdentifier') && typeof node.name === 'string'
    ? node.name
    : null

const textOf = (node: unknown): string =>
  isNode(node) && typeof node.value === 'string' ? node.value : (nameOf(node) ?? '')

const isFunction = ({ type, body }: Node): boolean =>
  /^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type) && isNode(body)

/** Names that a declaration introduces: functions, classes, types and constants. */
function declaredNames(node: Node): string[] {
  if (node.type !== 'VariableDeclaration') return [nameOf(node.id)].filter((name) => name !== null)
  return nodesOf(node.declarations).flatMap(({ id }) => patternNames(id))
}

function patternNames(pattern: unknown): string[] {
  if (!isNode(pattern)) return []
  const name = nameOf(pattern)
  if (name !== null) return [name]
  return [...nodesOf(pattern.properties).map(({ value }) => value), ...nodesOf(pattern.elements)].flatMap(patternNames)
}

/** @throws when the file cannot be parsed. */
export function shapeOf(path: string, text: string): FileShape {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new Error(`${path} cannot be parsed: ${errors[0]?.message}`)
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const lineAt = (offset: number): number => starts.findLastIndex((start) => start <= offset) + 1
  const shape: FileShape = { functions: [], exports: [], imports: [], identifiers: [] }

  const noteImport = (node: Node): void => {
    const specifier = textOf(node.source)
    const specifiers = nodesOf(node.specifiers)
    if (node.type === 'ExportAllDeclaration') shape.imports.push({ specifier, name: '*' })
    for (const one of specifiers) {
      const isAll = one.type === 'ImportNamespaceSpecifier'
      const taken = node.type === 'ImportDeclaration' ? one.imported : one.local
      shape.imports.push({ specifier, name: isAll ? '*' : textOf(taken) || 'default' })
    }
  }

  const visit = (value: unknown, name: string | null): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, name)
      return
    }
    if (!isNode(value)) return
    const identifier = nameOf(value)
    if (identifier !== null) shape.identifiers.push(identifier)
    if (isFunction(value)) {
      const line = lineAt(value.start)
      const parameters = nodesOf(value.params).filter((one) => nameOf(one) !== 'this').length
      const lines = lineAt(value.end) - line + 1
      shape.functions.push({ name: nameOf(value.id) ?? name ?? '(anonymous)', line, lines, parameters })
    }
    if (value.type === 'ImportDeclaration' || value.type === 'ExportAllDeclaration') noteImport(value)
    if (value.type === 'ExportNamedDeclaration') {
      if (isNode(value.source)) noteImport(value)
      if (isNode(value.declaration)) shape.exports.push(...declaredNames(value.declaration))
      else shape.exports.push(...nodesOf(value.specifiers).map(({ exported }) => textOf(exported)))
    }
    if (value.type === 'ImportExpression') shape.imports.push({ specifier: textOf(value.source), name: '*' })
    if (value.type === 'TSImportType') {
      const qualifier = isNode(value.qualifier) ? value.qualifier : null
      shape.imports.push({ specifier: textOf(value.source ?? value.argument), name: nameOf(qualifier) ?? '*' })
    }
    const ownName = nameOf(value.key) ?? nameOf(value.id)
    for (const [field, child] of Object.entries(value)) visit(child, field === 'params' ? null : ownName)
  }
  visit(program, null)
  return shape
}
