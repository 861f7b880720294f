// What the page of one's data asks of the API.

export const session = { token: "" };

/** Status, body, and the name of the problem, if it is one. */
export async function ask(method, url, body) {
  const headers = { ...(session.token && { Authorization: `Bearer ${session.token}` }) };
  if (body) headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout?.(30_000),
    });
    const answer = response.status === 204 ? {} : await response.json();
    const name = response.ok ? "" : answer.type.split("#")[1];
    return { status: response.status, name, answer, wait: response.headers.get("Retry-After") };
  } catch {
    return { status: 0, name: "failed", answer: {} };
  }
}
