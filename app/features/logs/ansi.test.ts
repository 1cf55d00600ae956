import { expect, test } from 'vitest'
import { ansiPieces, plainText } from './ansi'

const esc = (codes: string): string => `\u001b[${codes}m`
/** "red+bold:text" for each piece. */
const read = (text: string): string[] =>
  ansiPieces(text).map(({ text: shown, colour, ...flags }) => {
    const names = Object.entries(flags).flatMap(([name, on]) => (on ? name : []))
    return `${[...(colour ? [colour] : []), ...names].join('+')}:${shown}`
  })

test.each([
  ['plain', [':plain']],
  [`${esc('31')}red${esc('0')} not`, ['red:red', ': not']],
  [`${esc('1;32')}both${esc('22')}thin${esc('39')}none`, ['green+bold:both', 'green:thin', ':none']],
  [`${esc('91')}bright${esc('')}reset`, ['red:bright', ':reset']],
  [`${esc('4;3;9')}all${esc('24;23;29')}none`, ['italic+underline+strike:all', ':none']],
  [
    `${esc('41')}ground${esc('49')}none${esc('7')}swapped${esc('27')}back`,
    ['marked:ground', ':none', 'marked:swapped', ':back'],
  ],
  [`${esc('38;5;196')}of 256`, ['red:of 256']],
  [`${esc('38;5;4')}the first 16`, ['blue:the first 16']],
  [`${esc('38;5;240')}grey`, ['grey:grey']],
  [`${esc('38;2;20;200;40')}true`, ['green:true']],
  [`${esc('38:2:200:40:220')}colons`, ['magenta:colons']],
  [`${esc('38;5;196;1')}and more`, ['red+bold:and more']],
  [`${esc('48;2;1;2;3;31')}ground, then red`, ['red+marked:ground, then red']],
  [`${esc('38;9')}nonsense`, ['strike:nonsense']],
  [`${esc('999')}unknown`, [':unknown']],
])('parses %j', (text, pieces) => {
  expect(read(text)).toEqual(pieces)
})

test.each([
  ['\u001b[2K\u001b[1;1Hmoved', 'moved'],
  ['\u001b]0;title\u0007after', 'after'],
  ['\u001b]8;;http://a.example\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b(Bcharset', 'charset'],
  ['bell\u0007 and null\u0000', 'bell and null'],
  ['torn \u001b[3', 'torn '],
  ['a\tb', 'a       b'],
  [`${esc('31')}a${esc('0')}\tb`, 'a       b'],
  ['10 %\r50 %\r100 %', '100 %'],
  ['ended\r', 'ended'],
])('strips the control sequences of %j', (text, plain) => {
  expect(plainText(text)).toBe(plain)
})

test('the pieces of a line join to its plain text', () => {
  const text = `\u001b[2K${esc('33')}warn${esc('0')}\tslow\u0007 \u001b]0;t\u0007${esc('38;2;9;9;9')}end`
  expect(
    ansiPieces(text)
      .map((piece) => piece.text)
      .join(''),
  ).toBe(plainText(text))
})
