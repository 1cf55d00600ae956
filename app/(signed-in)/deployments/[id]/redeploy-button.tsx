import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CloudDownload } from 'lucide-react'
import type { DeploymentDetail } from '@/server/domain/views'
import { useTRPC } from '../../../trpc'
import { Button } from '../../../ui/button'
import { errorSentence } from '../../../ui/errors'
import { FieldError } from '../../../ui/field'
import { useNotice } from '../../../ui/notice'

/** Runs what the tag of the image is now. Replicas are replaced one by one, and a rollback takes it back. */
export function RedeployButton({ deployment: { id, name, blocked } }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const redeploy = useMutation(
    trpc.deployment.redeploy.mutationOptions({
      onSuccess: async () => {
        notice({ text: `Redeploying ${name}` })
        await queries.invalidateQueries({ queryKey: trpc.deployment.pathKey() })
      },
    }),
  )
  return (
    <>
      <Button
        icon={<CloudDownload size={14} aria-hidden />}
        busy={redeploy.isPending}
        blocked={blocked.redeploy}
        title="Pulls the image anew and replaces the replicas one by one"
        onClick={() => redeploy.mutate({ deployment_id: id })}
      >
        Redeploy
      </Button>
      {redeploy.error && <FieldError className="basis-full">{errorSentence(redeploy.error)}</FieldError>}
    </>
  )
}
