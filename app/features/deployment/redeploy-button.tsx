import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CloudDownload } from 'lucide-react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorSentence } from '@/app/ui/text/errors'
import type { DeploymentDetail } from '@/core/views/deployments'

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
