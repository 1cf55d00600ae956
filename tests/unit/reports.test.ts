import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readChaos, readPlaywright, readVitest } from '@/scripts/lib/reports.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fogdeck-reports-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function report(content: object): string {
  const file = join(folder, 'report.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

const failed = (fullName: string, ...failureMessages: string[]) => ({ fullName, status: 'failed', failureMessages })

describe('a Vitest report', () => {
  const counts = { numPassedTests: 3, numFailedTests: 1, numPendingTests: 1, numTodoTests: 1 }

  test('names each failed test with its message, without colours and stack', () => {
    const message =
      'AssertionError: expected \u001b[31m1\u001b[39m to be 2\n\n- 2\n+ 1\n    at file.ts:3:4\n    at more'
    const testResults = [
      { name: 'a.test.ts', status: 'failed', assertionResults: [{ status: 'passed' }, failed('one is two', message)] },
    ]
    expect(readVitest(report({ ...counts, testResults }), 1)).toEqual({
      passed: 3,
      failed: 1,
      skipped: 2,
      failures: ['one is two\n      AssertionError: expected 1 to be 2\n      - 2\n      + 1'],
      wavering: [],
    })
  })

  test('names tests that passed only on retry, and marks time-outs', () => {
    const message = 'Error: STACK_TRACE_ERROR\n    at file.ts:3:4'
    const assertionResults = [
      { fullName: 'at once', status: 'passed', failureMessages: [] },
      { fullName: 'at last', status: 'passed', failureMessages: [message] },
    ]
    const testResults = [{ name: 'a.test.ts', status: 'passed', assertionResults }]
    expect(readVitest(report({ ...counts, numFailedTests: 0, testResults }), 0)).toMatchObject({
      failed: 0,
      failures: [],
      wavering: ['at last\n      Error: the test did not end in time'],
    })
  })

  test('names a file that could not be loaded', () => {
    const testResults = [{ name: 'b.test.ts', status: 'failed', message: 'Cannot find b', assertionResults: [] }]
    const empty = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 }
    expect(readVitest(report({ ...empty, testResults }), 1)).toMatchObject({
      failed: 1,
      failures: ['b.test.ts\n      Cannot find b'],
    })
  })

  test('truncates long messages', () => {
    const message = Array.from({ length: 500 }, (_, i) => `line ${i} ${'.'.repeat(1000)}`).join('\n')
    const testResults = [{ name: 'c.test.ts', status: 'failed', assertionResults: [failed('long', message)] }]
    const lines = readVitest(report({ ...counts, testResults }), 1).failures?.[0]?.split('\n') ?? []
    expect([lines.length, lines.at(-1)]).toEqual([27, '      …'])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(310)
  })

  test('that is missing counts as a failure, and so does a run that failed outside its tests', () => {
    expect(readVitest(join(folder, 'none.json'), 1)).toMatchObject({ passed: 0, failed: 1 })
    expect(readVitest(report({ ...counts, numFailedTests: 0, testResults: [] }), 1)).toMatchObject({ failed: 1 })
    expect(readVitest(report({ ...counts, numFailedTests: 0, testResults: [] }), 0)).toMatchObject({ failed: 0 })
  })
})

test('a Playwright report names failed tests and those that passed on retry, each with the reason', () => {
  const spec = (title: string, status: string, ...errors: (string | null)[]) => ({
    title,
    tests: [{ status, results: errors.map((message) => (message === null ? {} : { error: { message } })) }],
  })
  const suites = [
    { specs: [spec('signs in', 'expected', null)], suites: [{ specs: [spec('deploys', 'unexpected', 'no button')] }] },
    { specs: [spec('drains', 'flaky', 'too early', null)] },
  ]
  const stats = { expected: 1, unexpected: 1, flaky: 1, skipped: 0 }
  expect(readPlaywright(report({ stats, suites }), 1)).toEqual({
    passed: 2,
    failed: 1,
    skipped: 0,
    failures: ['deploys\n      no button'],
    wavering: ['drains\n      too early'],
  })
})

test('a chaos report counts each check', () => {
  const verdict = { held: ['capacity', 'history'], broken: ['holders'] }
  expect(readChaos(report({ verdict }), 1)).toEqual({ passed: 2, failed: 1, skipped: 0, failures: ['holders'] })
})
