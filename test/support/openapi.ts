/** As much of an OpenAPI document as tests look at. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

export interface Operation {
  readonly operationId: string;
  readonly security: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: object; example?: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>>;
}

/** The schema of a JSON answer, as declared; undefined where none is. */
export function responseSchema(document: OpenApi, path: string, method: string, status: number): object | undefined {
  const content = document.paths[path]?.[method]?.responses[String(status)]?.content ?? {};
  const type = Object.keys(content).find((name) => /[/+]json$/.test(name));
  return type === undefined ? undefined : content[type]?.schema;
}
