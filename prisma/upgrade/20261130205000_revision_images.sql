-- CreateTable
CREATE TABLE "revision_images" (
    "deployment_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "reference" TEXT NOT NULL,
    "pulls_anew" BOOLEAN NOT NULL DEFAULT false,
    "digest" TEXT,
    "image_id" TEXT,
    "from_registry" BOOLEAN NOT NULL DEFAULT false,
    "resolved_by" TEXT,
    "resolved_at" TIMESTAMPTZ(3),

    CONSTRAINT "revision_images_pkey" PRIMARY KEY ("deployment_id","revision")
);

-- CreateIndex
CREATE INDEX "revision_images_reference_resolved_at_idx" ON "revision_images"("reference", "resolved_at");

-- AddForeignKey
ALTER TABLE "revision_images" ADD CONSTRAINT "revision_images_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
