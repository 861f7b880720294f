// What a frontend does with the API at the URL given. tests/clients knows the lines it prints.
import { createClient, pages, ProblemError, type StakeholderFeature } from "coalition-builder-client";
import type { FeatureCollection, Point, Polygon } from "geojson";

const [, , baseUrl = "http://127.0.0.1:8000", token] = process.argv;
const api = createClient({ baseUrl });

async function showHomepage(): Promise<void> {
  const { data, error } = await api.GET("/api/v1/homepage");
  if (error) return console.log(`homepage: ${error.detail}`);
  const [first] = data.content_blocks;
  const blocks = `${data.content_blocks.length} blocks, first ${first?.block_type}`;
  console.log(`homepage: ${data.organization_name}, ${blocks}`);
}

async function showCampaigns(): Promise<void> {
  const asked = pages((start) =>
    api.GET("/api/v1/campaigns", { params: { query: { limit: 3, ...start } } }),
  );
  for await (const page of asked) {
    for (const { slug, endorsement_count } of page.results) {
      console.log(`campaign: ${slug} ${endorsement_count} of ${page.count}`);
    }
  }
}

async function loadMap(): Promise<FeatureCollection<Point | null>> {
  const features: StakeholderFeature[] = [];
  const asked = pages((start) =>
    api.GET("/api/v1/stakeholders", { params: { query: { limit: 40, ...start } } }),
  );
  for await (const page of asked) features.push(...page.features);
  return { type: "FeatureCollection", features };
}

async function showMap(): Promise<void> {
  const { features } = await loadMap();
  const ids = new Set(features.map((feature) => feature.id));
  const located = features.filter((feature) => feature.geometry);
  console.log(`map: ${features.length} stakeholders, ${ids.size} ids, ${located.length} located`);
}

async function showArea(): Promise<void> {
  const within: Polygon = {
    type: "Polygon",
    coordinates: [[[-77, 38], [-76, 38], [-76, 39.5], [-77, 39.5], [-77, 38]]],
  };
  const asked = pages((start) =>
    api.POST("/api/v1/stakeholders/search", {
      body: { within, type: ["farmer", "waterman"], limit: 5, ...start },
    }),
  );
  for await (const { numberMatched, numberReturned, features } of asked) {
    const [first] = features;
    console.log(`area: ${numberReturned} of ${numberMatched}, ${first?.properties.name} first`);
  }
}

async function showNearest(): Promise<void> {
  const { data } = await api.GET("/api/v1/stakeholders", {
    params: {
      query: { near: [-76.49, 38.97], radius: "10mi", type: ["business", "nonprofit"], limit: 1 },
    },
  });
  const nearest = data?.features[0]?.properties;
  console.log(`nearest: ${nearest?.name}, ${nearest?.type}, ${nearest?.distance_m} m`);
}

async function showProblems(): Promise<void> {
  const wrong = await api.GET("/api/v1/stakeholders", { params: { query: { bbox: [1, 3, 2, 2] } } });
  console.log(`problem: ${wrong.error?.status} ${wrong.error?.errors?.[0]?.parameter}`);
  const missing = await api.GET("/api/v1/campaigns/{slug}", {
    params: { path: { slug: "no-such-campaign" } },
  });
  console.log(`problem: ${missing.response.status} ${missing.error?.title}`);
}

async function showThrownProblem(): Promise<void> {
  const asked = pages((start) =>
    api.GET("/api/v1/campaigns/{slug}/endorsements", {
      params: { path: { slug: "no-such-campaign" }, query: start },
    }),
  );
  try {
    await asked.next();
  } catch (thrown) {
    if (!(thrown instanceof ProblemError)) throw thrown;
    console.log(`thrown: ${thrown.problem?.status} ${thrown.message}`);
  }
}

// What a dashboard does: hides a campaign, unless somebody else has changed it meanwhile.
async function hideCampaign(token: string): Promise<void> {
  const staff = createClient({ baseUrl, token });
  const { data: desk } = await staff.GET("/api/v1/manage");
  console.log(`desk: ${desk?.user.username}, ${desk?.waiting} waiting`);
  const id = 1;
  const { data: campaign, response } = await staff.GET("/api/v1/manage/campaigns/{id}", {
    params: { path: { id } },
  });
  const header = { "If-Match": response.headers.get("ETag") ?? "" };
  for (const attempt of ["first", "again"]) {
    const { data, error } = await staff.PATCH("/api/v1/manage/campaigns/{id}", {
      params: { path: { id }, header },
      body: { active: false, summary: attempt },
    });
    console.log(`${attempt}: ${data ? `${campaign?.title}, ${data.because}` : error?.title}`);
  }
}

const shows = [
  showHomepage,
  showCampaigns,
  showMap,
  showArea,
  showNearest,
  showProblems,
  showThrownProblem,
];
for (const show of shows) await show();
if (token !== undefined) await hideCampaign(token);
