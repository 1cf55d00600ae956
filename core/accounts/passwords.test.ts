import { describe, expect, test } from 'vitest'
import { passwordLimits, passwordProblem } from './passwords'

describe('a password', () => {
  test.each([
    ['Password12', 'Use at least 12 characters'],
    ['Password1234', 'easy to guess'],
    ['P4$$w0rd2026!', 'easy to guess'],
    ['Welcome12345', 'easy to guess'],
    ['qwertzuiop123', 'easy to guess'],
    ['1qaz2wsx3edc', 'easy to guess'],
    ['abcdefghijkl', 'easy to guess'],
    ['987654321987', 'easy to guess'],
    ['foobarfoobar', 'easy to guess'],
    ['xkcd-xkcd-xkcd', 'easy to guess'],
    ['AdminAdmin2026', 'easy to guess'],
    ['Summer2026!!!', 'easy to guess'],
    ['fogdeck-fogdeck', 'easy to guess'],
    ['changeme-changeme', 'easy to guess'],
    ['aaaaaaaaaaaaaaaa', '5 different characters'],
    ['', 'Use at least 12 characters'],
    ['x'.repeat(passwordLimits.max + 1), `Use at most ${passwordLimits.max}`],
    ['Ann-Lee went out', 'must not contain the username'],
  ])('such as %j is refused: %s', (password, why) => {
    expect(passwordProblem(password, 'ann-lee')).toContain(why)
  })

  test.each([
    'correct horse 42',
    'battery staple 7',
    'a quiet Harbour 42',
    'Tr0ub4dor&3x!',
    'kV9wd2mQx7Lp',
    'пароль из девяти слов',
    '正しい馬の電池のホチキス留め',
  ])('such as %j is accepted', (password) => {
    expect(passwordProblem(password, 'ann')).toBeNull()
  })

  test('is checked quickly, whatever its length and content', () => {
    for (const text of ['a', 'ab', 'abc', 'password', '1q', '\u{1f600}', '0'])
      expect(() => passwordProblem(text.repeat(200).slice(0, 200), 'a')).not.toThrow()
  })

  test('that is random is accepted', () => {
    const alphabet = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
    let seed = 7
    const next = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return seed / 2 ** 31
    }
    for (let i = 0; i < 500; i++) {
      const made = Array.from({ length: 16 }, () => alphabet[Math.floor(next() * alphabet.length)]).join('')
      expect([made, passwordProblem(made, 'admin')]).toEqual([made, null])
    }
  })
})
