/** `npm run house`: figures about the code base. `--list` names everything that is counted. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureHouse, type Spread } from './house/measure'
import { oldIdentifiers, oldPhrases } from './house/words'

const { values } = parseArgs({ options: { list: { type: 'boolean', default: false } } })
const house = measureHouse(resolve(import.meta.dirname, '..'))

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}
const spread = ({ median, p90, most }: Spread): string => `${median} / ${p90} / ${most}`
const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((total, one) => total + one, 0)
const [fullest] = house.fullestFolders

const rows: [what: string, count: string | number][] = [
  ['files of the product (core, server, agent, app; without tests)', house.files],
  ['lines', house.lines],
  ['lines of a file: median / p90 / longest', spread(house.fileLines)],
  ['functions', house.functions],
  ['lines of a function: median / p90 / longest', spread(house.functionLines)],
  ['files in the fullest folder', `${fullest?.files ?? 0} (${fullest?.folder ?? ''})`],
  ['circles of files or folders', house.circles.length],
  ['exports that nobody imports', house.unusedExports.length],
  ['functions with more than three parameters', house.manyParameters.length],
  ['old words in identifiers', sum(house.oldWords)],
  ['old phrases in texts and papers', sum(house.oldPhrases)],
  ['files that one field of a deployment stands in (max_per_node)', house.filesOfOneField.length],
]
const width = Math.max(...rows.map(([what]) => what.length))
for (const [what, count] of rows) say(`${what.padEnd(width)}  ${count}`)

if (values.list) {
  const list = (title: string, lines: string[]): void =>
    say(`\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}`)
  list(
    'Longest files',
    house.longestFiles.map(({ file, lines }) => `${lines}  ${file}`),
  )
  list(
    'Longest functions',
    house.longestFunctions.map((one) => `${one.lines}  ${one.file}:${one.line} ${one.name}`),
  )
  list(
    'Fullest folders',
    house.fullestFolders.map(({ folder, files }) => `${files}  ${folder}`),
  )
  list(
    'Circles',
    house.circles.map((way) => way.join(' → ')),
  )
  list(
    'Exports that nobody imports',
    house.unusedExports.map(({ file, name }) => `${file}  ${name}`),
  )
  list(
    'More than three parameters',
    house.manyParameters.map((one) => `${one.parameters}  ${one.file}:${one.line} ${one.name}`),
  )
  list(
    'Old words in identifiers',
    [...house.oldWords].map(([word, count]) => `${count}  ${word} → ${oldIdentifiers[word]}`),
  )
  list(
    'Old phrases',
    [...house.oldPhrases].map(([phrase, count]) => `${count}  ${phrase} → ${oldPhrases[phrase]}`),
  )
  list('Files of one field', house.filesOfOneField)
}
