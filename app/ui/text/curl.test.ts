import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { curlText, shellQuote } from './curl'

test('formats the call for a shell, without secrets', () => {
  expect(
    curlText({
      method: 'POST',
      origin: 'http://fog.example',
      path: '/api/deployment/deploy',
      body: { name: 'web-api' },
    }),
  ).toBe(
    [
      "curl -X POST 'http://fog.example/api/deployment/deploy' \\",
      '  -H "Authorization: Bearer $FOGDECK_TOKEN" \\',
      "  -H 'Content-Type: application/json' \\",
      '  -d \'{\n  "name": "web-api"\n}\'',
    ].join('\n'),
  )
})

test('omits the data of a call without a body', () => {
  expect(curlText({ method: 'DELETE', origin: 'http://fog.example', path: '/api/deployment/1' })).not.toContain('-d')
})

test.each(["it's", "'", '$(reboot)', '`id`', 'a\\b', 'two\nlines', '"quoted"', '!history'])(
  'a shell reads %j back unchanged',
  (word) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellQuote(word)}`]).toString()).toBe(word)
  },
)
