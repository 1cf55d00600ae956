import { createCipheriv, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSealer, isBound } from './seal'

const key = Buffer.alloc(32, 7)
const sealer = createSealer(key.toString('base64'))

/** As versions before sealed: nonce ‖ tag ‖ ciphertext, for no place. */
function sealedBefore(value: object): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

test('a sealed value opens at its place, and is no use at another one', () => {
  const sealed = sealer.seal({ PASSWORD: 'hunter2' }, 'env:1')
  expect(sealed.toString('latin1')).not.toContain('hunter2')
  expect(sealer.open(sealed, 'env:1')).toEqual({ PASSWORD: 'hunter2' })
  for (const place of ['env:2', 'env:', 'channel-url:1']) expect(() => sealer.open(sealed, place)).toThrow()
})

test('a value that was changed, cut off or sealed with another key does not open', () => {
  const sealed = sealer.seal({ A: '1' }, 'env:1')
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => sealer.open(changed, 'env:1')).toThrow()
  }
  expect(() => sealer.open(sealed.subarray(0, -1), 'env:1')).toThrow()
  expect(() => createSealer(Buffer.alloc(32, 8).toString('base64')).open(sealed, 'env:1')).toThrow()
})

test('a value of an older version is told apart, and taken only by who asks for one', () => {
  const old = sealedBefore({ A: '1' })
  expect([isBound(old), isBound(sealer.seal({ A: '1' }, 'env:1'))]).toEqual([false, true])
  expect(() => sealer.open(old, 'env:1')).toThrow('sealed for no place')
  expect(JSON.parse(sealer.openUnbound(old).toString())).toEqual({ A: '1' })
})
