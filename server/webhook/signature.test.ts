import { expect, test } from 'vitest'
import { signatureOf } from './signature'

test('is that of the example of Standard Webhooks', () => {
  const content = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1614265330, body: '{"test": 2432232314}' }
  expect(signatureOf('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', content)).toBe(
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('differs with the id, the time, the body and the secret', () => {
  const content = { id: 'one', timestamp: 1, body: '{}' }
  const signatures = [
    signatureOf('a secret of somebody', content),
    signatureOf('a secret of somebody', { ...content, id: 'two' }),
    signatureOf('a secret of somebody', { ...content, timestamp: 2 }),
    signatureOf('a secret of somebody', { ...content, body: '{ }' }),
    signatureOf('another secret of them', content),
  ]
  expect(new Set(signatures).size).toBe(5)
})
