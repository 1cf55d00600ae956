import { expect, test } from 'vitest'
import { csvCell, csvLine } from './csv'

test('cells with commas, quotes or line ends are quoted, others are not', () => {
  expect(csvLine(['a', 'b,c', 'say "x"', 'two\nlines', ''])).toBe('a,"b,c","say ""x""","two\nlines",\r\n')
})

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('a cell that begins like a formula is text: %j', (text) => {
  expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/)
})

test('a formula stays text where the cell has to be quoted', () => {
  expect(csvCell('=HYPERLINK("http://evil.example","x")')).toBe('"\'=HYPERLINK(""http://evil.example"",""x"")"')
})
