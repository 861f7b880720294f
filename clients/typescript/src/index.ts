import createFetchClient, { type Client, type ClientOptions } from "openapi-fetch";
import type { Link, paths, Problem } from "./schema.js";

export type * from "./schema.js";

/** Where the API is, and who asks: `token` is what signing in gave, for staff. */
export type Options = ClientOptions & { baseUrl: string; token?: string };

/** A typed method for each operation of the API at `baseUrl`. */
export function createClient({ token, ...options }: Options): Client<paths> {
  const client = createFetchClient<paths>({
    // The API takes each parameter once, the items of a list separated by commas.
    querySerializer: { array: { style: "form", explode: false } },
    ...options,
  });
  if (token !== undefined) {
    client.use({
      onRequest({ request }) {
        request.headers.set("Authorization", `Token ${token}`);
      },
    });
  }
  return client;
}

/** Thrown where an answer is not what was asked for; `problem` says why, and what would be right. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";

  constructor(
    readonly response: Response,
    readonly problem?: Problem,
  ) {
    // A proxy on the way may answer with something else than a problem.
    super(problem?.detail ?? `${response.status} ${response.statusText}`);
  }
}

/** Where a page starts: spread it into the query, or the body, of the request for the page. */
export type PageStart = { cursor?: string };

type Page = { next: string | null } | { links: Link[] };
// With `undefined` spelled out, P is inferred under exactOptionalPropertyTypes and without it.
type Answer<P> = { response: Response; data?: P | undefined; error?: Problem | undefined };

/** The pages of a list, each asked for once the one before it is done with. Throws ProblemError. */
export async function* pages<P extends Page>(
  ask: (start: PageStart) => Promise<Answer<P>>,
): AsyncGenerator<P, void, undefined> {
  for (let start: PageStart | undefined = {}; start; ) {
    const { data, error, response } = await ask(start);
    if (data === undefined) throw new ProblemError(response, error);
    yield data;
    start = nextStart(data);
  }
}

function nextStart(page: Page): PageStart | undefined {
  const next =
    "links" in page
      ? page.links.find((link) => link.rel === "next")
      : { href: page.next, body: undefined };
  if (next?.body) return next.body;
  const cursor = next?.href ? new URL(next.href).searchParams.get("cursor") : null;
  return cursor ? { cursor } : undefined;
}
