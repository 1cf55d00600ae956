/** Whether a container engine answers on this machine. */
import { request } from 'node:http'

export function engineAnswers(socketPath: string, timeoutMs = 1_500): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', timeout: timeoutMs }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    call.on('timeout', () => call.destroy())
    call.on('error', () => resolve(false))
    call.end()
  })
}
