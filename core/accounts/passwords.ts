/**
 * Checks that a password is hard to guess. Each predictable part counts as one character, however long it is: common
 * words, rows of keys, runs of letters and digits, years, repetitions. The resulting length must be sufficient.
 */

export const passwordLimits = { min: 12, max: 200 }
/** Minimum length after predictable parts are counted as one character each. */
const leastUnpredictable = 8

/** Common words. "P4$$w0rd" matches "password", too. A word comes before its own prefixes. */
const common = (
  'passwords password passwort passw0rd passphrase administrator administrador operator welcome willkommen bienvenue ' +
  'letmein iloveyou changeme changeit superman superuser football baseball basketball princess sunshine starwars ' +
  'trustno dragon monkey master shadow michael jordan jennifer jessica charlie hunter hello whatever freedom ' +
  'computer internet server database docker kubernetes container cluster fogdeck control deploy ' +
  'secret secure security default testing tester temporary temp test demo guest user login access admin root toor ' +
  'summer winter spring autumn sommer january february march april june july august september october november december ' +
  'monday tuesday wednesday thursday friday saturday sunday love money cheese cookie pepper ginger killer batman ' +
  'company office london berlin paris america google facebook amazon microsoft windows pass word'
).split(' ')

const rows = [
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'yxcvbnm',
  'zxcvbnm',
  '1234567890',
  'abcdefghijklmnopqrstuvwxyz',
  '1qaz2wsx3edc4rfv5tgb6yhn',
]
const backwards = (text: string): string => [...text].reverse().join('')
const runs = [...rows, ...rows.map(backwards)]
const shortestRun = 3

const disguises: Record<string, string> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

const undisguised = (text: string): string => [...text].map((letter) => disguises[letter] ?? letter).join('')

/** Returns the length of the predictable part that begins at `at`; 0 when none does. */
function patternAt(text: string, plain: string, at: number): number {
  const word = common.find((one) => text.startsWith(one, at) || plain.startsWith(one, at))
  const year = /^(?:19|20)\d\d/.exec(text.slice(at))
  return Math.max(word?.length ?? 0, year?.[0].length ?? 0, runAt(text, at), repetitionAt(text, at))
}

/** "qwert", "4321", "cdef" */
function runAt(text: string, at: number): number {
  let longest = 0
  for (const run of runs)
    for (let from = run.indexOf(text[at] ?? ''); from >= 0; from = run.indexOf(text[at] ?? '', from + 1)) {
      let length = 0
      while (from + length < run.length && text[at + length] === run[from + length]) length += 1
      longest = Math.max(longest, length)
    }
  return longest >= shortestRun ? longest : 0
}

/** Finds repetitions of earlier text: "aaaa", "abab", "foo-foo". */
function repetitionAt(text: string, at: number): number {
  let longest = 0
  for (let back = 1; back <= at; back++) {
    let length = 0
    while (at + length < text.length && text[at + length] === text[at + length - back]) length += 1
    if (length >= Math.min(back, shortestRun)) longest = Math.max(longest, length)
  }
  return longest
}

/** Returns the length of the password with each predictable part counted as one character. */
function unpredictable(password: string, username: string): number {
  const lower = password.toLowerCase()
  const name = username.toLowerCase()
  const text = name.length > 2 ? lower.split(name).join('\n') : lower
  const plain = undisguised(text)
  let count = 0
  for (let at = 0; at < text.length; count++) at += Math.max(1, patternAt(text, plain, at))
  return count
}

/** Returns why `password` is too weak for `username` and what to do, as a sentence; null when it is accepted. */
export function passwordProblem(password: string, username: string): string | null {
  if (password.length < passwordLimits.min) return `Use at least ${passwordLimits.min} characters`
  if (password.length > passwordLimits.max) return `Use at most ${passwordLimits.max} characters`
  if (username.length > 2 && password.toLowerCase().includes(username.toLowerCase()))
    return 'The password must not contain the username'
  if (new Set(password).size < 5) return 'Use at least 5 different characters'
  if (unpredictable(password, username) < leastUnpredictable)
    return 'This is easy to guess: use several unrelated words, or let one be made'
  return null
}
