import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginningOf, isCleanText, repairedText, shortened, type TextShape, textProblem } from './text'

const nul = String.fromCodePoint(0)
const wakeSignal = String.fromCodePoint(7)
const esc = String.fromCodePoint(27)
const shapes: TextShape[] = ['line', 'lines', 'terminal', 'raw']

/** Any sequence of UTF-16 units, with many that the rules refuse. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(nul, '\t', '\n', '\r', esc, wakeSignal, '\u{85}', '\ud83d', '\ude00', '😀', `${esc}[31m`, 'a'),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

describe('text from a user', () => {
  it('is accepted unchanged if it is ordinary text', () => {
    for (const text of ['', 'web-api', 'Grüße, 世界 😀', 'a\u{a0}b']) expect(textProblem(text)).toBeNull()
  })

  it('is refused with the position and the name of the first invalid character', () => {
    expect(textProblem(`web${nul}api`)).toBe('Character 4 is a control character (U+0000): take it out')
    expect(textProblem('😀\ud800x')).toBe('Character 2 is half of a surrogate pair (U+D800): take it out')
    expect(textProblem('\ude00')).toBe('Character 1 is half of a surrogate pair (U+DE00): take it out')
    expect(textProblem('a\tb\u{85}')).toBe('Character 2 is a control character (U+0009): take it out')
  })

  it('may have several lines in fields that allow them', () => {
    expect(textProblem('one\r\n\ttwo', 'lines')).toBeNull()
    expect(textProblem(`one\n${wakeSignal}`, 'lines')).toBe('Character 5 is a control character (U+0007): take it out')
  })

  it('may contain any character but NUL in fields that only programs read', () => {
    expect(textProblem(`${esc}[0m${wakeSignal}\n`, 'raw')).toBeNull()
    expect(textProblem(`a${nul}`, 'raw')).toBe('Character 2 is a control character (U+0000): take it out')
  })
})

describe('text from an agent', () => {
  it('gets a replacement character for each one that cannot be stored', () => {
    expect(repairedText(`bye ${nul} end`, { max: 300 })).toBe('bye � end')
    expect(repairedText('half \ud83d of it', { max: 300 })).toBe('half � of it')
  })

  it('loses its escape sequences, except in fields that are shown with colors', () => {
    expect(repairedText(`${esc}[1;31mfatal${esc}[0m: gone`, { max: 300 })).toBe('fatal: gone')
    expect(repairedText(`${esc}]0;title${wakeSignal}done`, { max: 300 })).toBe('done')
    expect(repairedText(`${esc}]0;no end`, { max: 300 })).toBe('0;no end')
    expect(repairedText(`${esc}[31mred${esc}[0m${nul}`, { max: 300, shape: 'terminal' })).toBe(
      `${esc}[31mred${esc}[0m�`,
    )
  })

  it('is cut between characters, never inside one', () => {
    const text = `${'x'.repeat(298)}😀😀`
    expect(shortened(text, 300)).toBe(`${'x'.repeat(298)}…`)
    expect(shortened(text, 301)).toBe(`${'x'.repeat(298)}😀…`)
    expect(beginningOf('😀😀', 3)).toBe('😀')
    expect(shortened('short', 300)).toBe('short')
  })
})

describe('any text', () => {
  it('can be stored after the repair, has at most the allowed length, and is unchanged if it was clean', () => {
    let repaired = 0
    let cut = 0
    let clean = 0
    fc.assert(
      fc.property(anyText, fc.constantFrom(...shapes), fc.integer({ min: 1, max: 40 }), (text, shape, max) => {
        const result = repairedText(text, { max, shape })
        expect(result.length).toBeLessThanOrEqual(max)
        expect(Buffer.from(result, 'utf8').toString('utf8')).toBe(result)
        expect(result).not.toContain(nul)
        expect(textProblem(result, shape)).toBeNull()
        expect(repairedText(result, { max, shape })).toBe(result)
        if (isCleanText(text, shape)) {
          clean++
          expect(Buffer.from(text, 'utf8').toString('utf8')).toBe(text)
          if (text.length <= max && !text.includes(esc)) expect(result).toBe(text)
        } else repaired++
        if (text.length > max) cut++
      }),
      { numRuns: 2_000 },
    )
    for (const count of [repaired, cut, clean]) expect(count).toBeGreaterThan(100)
  })
})
