/** Counts, names and first words out of the JSON reports of Vitest, Playwright and the chaos harness. */
import { existsSync, readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

export const nothing = { passed: 0, failed: 0, skipped: 0 }

/**
 * @returns counts, what failed and what passed only when it was tried again, each with its reason; one failure when
 * there is no report, because the run broke down.
 */
export function readVitest(file, code) {
  const report = read(file)
  if (!report) return { ...nothing, failed: 1, failures: [] }
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => withReason(test.fullName, test.failureMessages[0]))
    // A file that could not even be loaded has no tests.
    return status === 'failed' && failed.length === 0 ? [withReason(name, message)] : failed
  })
  // The messages of the tries that failed stay with a test that passed at last.
  const wavering = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status, failureMessages = [] }) => status === 'passed' && failureMessages.length > 0)
    .map((test) => withReason(test.fullName, test.failureMessages[0]))
  const skipped = report.numPendingTests + report.numTodoTests
  return honest(code, { passed: report.numPassedTests, failed: report.numFailedTests, skipped, failures, wavering })
}

/** What passed only when it was tried again has passed, and is named in `wavering`. */
export function readPlaywright(file, code) {
  const report = read(file)
  if (!report) return { ...nothing, failed: 1, failures: [] }
  const { expected, unexpected, flaky, skipped } = report.stats
  const specs = report.suites.flatMap(specsOf)
  const titles = (of) =>
    specs.flatMap(({ title, tests }) => {
      const test = tests.find(({ status }) => status === of)
      return test ? [withReason(title, test.results.find(({ error }) => error)?.error.message)] : []
    })
  const counts = { passed: expected + flaky, failed: unexpected, skipped }
  return honest(code, { ...counts, failures: titles('unexpected'), wavering: titles('flaky') })
}

/** Each promise that was held to counts as one. */
export function readChaos(file, code) {
  const report = read(file)
  if (!report) return { ...nothing, failed: 1, failures: [] }
  const { held, broken } = report.verdict
  return honest(code, { passed: held.length, failed: broken.length, skipped: 0, failures: broken })
}

/** The name of a test, and under it what it said, without the stack and no longer than can be read at a glance. */
function withReason(title, message = '') {
  // Vitest puts a placeholder where the message of a time-out belongs.
  const told = stripVTControlCharacters(message).replace('STACK_TRACE_ERROR', 'the test did not end in time')
  const lines = told.split('\n')
  const stack = lines.findIndex((line) => /^ +at /.test(line))
  const said = lines.slice(0, stack < 0 ? undefined : stack).filter((line) => line.trim() !== '')
  const shown = said.length > mostLines ? [...said.slice(0, mostLines), '…'] : said
  return [title, ...shown.map((line) => `      ${line.slice(0, mostLetters)}`)].join('\n')
}
const mostLines = 25
const mostLetters = 300

const specsOf = (suite) => [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)]

const read = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null)

/** A run can fail beside its tests: a file that doesn't load, an error after the end, no test at all. */
const honest = (code, counts) => (code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts)
