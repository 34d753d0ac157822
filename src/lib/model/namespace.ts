export interface Namespace {
  name: string;
  /** Labels and annotations that the injector's rules read. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  createdAt: number;
  deletedAt?: number;
}
