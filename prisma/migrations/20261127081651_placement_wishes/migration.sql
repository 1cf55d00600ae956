-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "wishes" JSONB;

-- Below this line: what prisma/schema.prisma has no words for, written by hand.
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_wishes_check" CHECK (jsonb_typeof("wishes") = 'object');
