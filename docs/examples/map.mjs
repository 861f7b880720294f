// Draws the stakeholders of a running API:
//
//     map.html?api=http://127.0.0.1:8000&style=https://example.org/style.json
//
// Without a `style` they stand on a plain background.
import { Map, NavigationControl, Popup } from "./node_modules/maplibre-gl/dist/maplibre-gl.mjs";

const COLORS = {
  farmer: "#4c8c2b",
  waterman: "#1f78b4",
  business: "#e08214",
  nonprofit: "#8856a7",
  individual: "#777777",
  government: "#b2182b",
  other: "#222222",
};
const PLAIN = {
  version: 8,
  sources: {},
  layers: [{ id: "background", type: "background", paint: { "background-color": "#eef2f4" } }],
};

const options = new URLSearchParams(location.search);
const api = (options.get("api") ?? "http://127.0.0.1:8000").replace(/\/$/, "");

async function fetchStakeholders() {
  const response = await fetch(`${api}/api/v1/stakeholders.geojson`);
  const document = await response.json();
  // A problem document (RFC 9457) says in a sentence what is wrong.
  if (!response.ok) throw new Error(document.detail);
  return document;
}

function bounds(features) {
  const positions = features.flatMap(({ geometry }) => (geometry ? [geometry.coordinates] : []));
  const longitudes = positions.map(([longitude]) => longitude);
  const latitudes = positions.map(([, latitude]) => latitude);
  return [
    [Math.min(...longitudes), Math.min(...latitudes)],
    [Math.max(...longitudes), Math.max(...latitudes)],
  ];
}

function describe({ name, organization, type, county, state }) {
  const content = document.createElement("div");
  const heading = document.createElement("strong");
  // Text, never HTML: the names are what people typed.
  heading.textContent = name;
  content.append(heading, [organization, type, county, state].filter(Boolean).join(", "));
  return content;
}

function draw(map, stakeholders) {
  map.addSource("stakeholders", { type: "geojson", data: stakeholders });
  map.addLayer({
    id: "stakeholders",
    type: "circle",
    source: "stakeholders",
    paint: {
      "circle-radius": 6,
      "circle-color": ["match", ["get", "type"], ...Object.entries(COLORS).flat(), COLORS.other],
      "circle-stroke-color": "#ffffff",
      "circle-stroke-width": 1,
    },
  });
  map.on("click", "stakeholders", ({ lngLat, features: [feature] }) => {
    new Popup().setLngLat(lngLat).setDOMContent(describe(feature.properties)).addTo(map);
  });
  map.on("idle", () => {
    const drawn = map.queryRenderedFeatures({ layers: ["stakeholders"] });
    // For whoever wants to know, such as a test: how many can be seen.
    document.body.dataset.drawn = new Set(drawn.map(({ id }) => id)).size;
  });
}

async function start() {
  const stakeholders = await fetchStakeholders();
  const map = new Map({
    container: "map",
    style: options.get("style") ?? PLAIN,
    center: [-76.5, 38.5],
    zoom: 6,
  });
  map.addControl(new NavigationControl());
  map.on("load", () => {
    draw(map, stakeholders);
    if (stakeholders.features.some(({ geometry }) => geometry)) {
      map.fitBounds(bounds(stakeholders.features), { padding: 40, animate: false });
    }
  });
}

start().catch((error) => {
  const message = document.getElementById("message");
  message.textContent = `The stakeholders of ${api} cannot be shown. ${error.message}`;
  message.hidden = false;
});
