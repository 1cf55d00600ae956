/** The documents of the repository name tests, files and links: none of them may be out of date. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { breaks } from '@/tests/chaos/breaks'
import { checks } from '@/tests/chaos/ledger'

const root = resolve(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const papers = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

describe('docs/invariants.md', () => {
  const invariants = read('docs/invariants.md')
  /** One line for each item of a list. */
  const items = invariants.replace(/\n {2,}(?=[^\s-])/g, ' ').split('\n')
  const quotes = items.flatMap((item) => {
    const [, file, name] = item.match(/^\s*- `([\w/.-]+\.(?:test|spec)\.ts)`: "(.+)"/) ?? []
    return file !== undefined && name !== undefined ? [{ file, name }] : []
  })

  test('quotes tests that exist, of each of its twelve invariants', () => {
    const absent = quotes.filter(({ file, name }) => !existsSync(join(root, file)) || !read(file).includes(name))
    expect(absent).toEqual([])
    const sections = invariants
      .split(/^## /m)
      .slice(1)
      .filter((section) => /^\d+\./.test(section))
    expect(sections.map((section) => Number.parseInt(section, 10))).toEqual(
      Array.from({ length: 12 }, (_, at) => at + 1),
    )
    for (const section of sections) expect(section).toMatch(/\.(test|spec)\.ts`/)
  })

  test('names every check and every break of the chaos run', () => {
    expect(Object.keys(checks).filter((name) => !invariants.includes(`\`${name}\``))).toEqual([])
    expect(Object.keys(breaks).filter((name) => !invariants.includes(`\`${name}\``))).toEqual([])
  })
})

test.each(papers)('%s links to files that exist', (paper) => {
  const targets = Array.from(read(paper).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g), ([, target]) => target ?? '')
  const local = targets.filter((target) => !/^[a-z]+:/.test(target))
  expect(local.filter((target) => !existsSync(join(root, dirname(paper), target)))).toEqual([])
})

// A decision record may speak of what is gone.
const current = papers.filter((paper) => !paper.startsWith('docs/decisions/'))

test.each(current)('%s names files and folders of the repository that exist', (paper) => {
  const folders = 'agent|app|bench|core|docs|e2e|prisma|scripts|server|testing|tests'
  const named = Array.from(
    read(paper).matchAll(new RegExp(`\`((?:${folders})/[\\w/.()\\[\\]-]+)\``, 'g')),
    ([, name]) => name ?? '',
  )
  expect(named.filter((name) => !/[A-Z]{4}/.test(name) && !existsSync(join(root, name)))).toEqual([])
})
