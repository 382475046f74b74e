import type { DocumentTemplate, PoolDocument } from '../pool/document.ts';
import { labels } from '../pool/labels.ts';
import { repairPoolLabels, type PoolLabels } from '../pool/pool-labels.ts';

/** The labels of a document, with the image of its first container unless they name one. */
export function labelsOf(document: Pick<PoolDocument, 'template' | 'labels'>): PoolLabels {
  return { ...imageLabel(document.template), ...document.labels };
}

/** The image of a pool's first container, so that claims can ask for it; nothing if it has none. */
export function imageLabel({ spec }: Pick<DocumentTemplate, 'spec'>): PoolLabels {
  const [first] = Array.isArray(spec['containers']) ? (spec['containers'] as unknown[]) : [];
  const image = (first as { image?: unknown } | undefined)?.image;
  return repairPoolLabels({ [labels.image]: image });
}
