// A map beside the fields of a position: each follows the other. The fields work without it.

const DIGITS = 6;
const OUTLINE = { color: "#666", weight: 1, fillColor: "#888", fillOpacity: 0.08, interactive: false };
const COUNTY = { color: "#1a5276", weight: 3, fillColor: "#1a5276", fillOpacity: 0.12, interactive: false };

function numbersOf(field) {
  const [latitude, longitude] = field.inputs.map((input) => input.valueAsNumber);
  const isPlace = Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  return isPlace ? [latitude, longitude] : null;
}

function mark(field, place) {
  if (!place) {
    field.marker?.remove();
    field.marker = null;
    return;
  }
  if (field.marker) {
    field.marker.setLatLng(place);
    return;
  }
  field.marker = L.marker(place, { draggable: true, alt: "The location" }).addTo(field.map);
  field.marker.on("dragend", () => write(field, field.marker.getLatLng()));
}

function write(field, { lat, lng }) {
  const { lat: latitude, lng: longitude } = L.latLng(lat, lng).wrap();
  field.inputs[0].value = latitude.toFixed(DIGITS);
  field.inputs[1].value = longitude.toFixed(DIGITS);
  mark(field, [latitude, longitude]);
}

function follow(field) {
  const place = numbersOf(field);
  mark(field, place);
  if (place) field.map.setView(place, Math.max(field.map.getZoom(), 11));
}

function paste(field, event) {
  const parts = event.clipboardData.getData("text").split(",").map((part) => part.trim());
  if (parts.length !== 2 || parts.some((part) => part === "" || Number.isNaN(Number(part)))) return;
  event.preventDefault();
  field.inputs.forEach((input, at) => { input.value = parts[at]; });
  follow(field);
}

// The outline of the county that the form names, or of its state: what is seen without tiles.
function outline(field, features) {
  const state = document.getElementById("id_state")?.value;
  const county = document.getElementById("id_county")?.value.trim().toLowerCase();
  const of = features.filter((each) => each.properties.state === state);
  const named = of.filter((each) => each.properties.county?.toLowerCase() === county);
  const shown = named.length ? named : of.filter((each) => !each.properties.county);
  field.outline?.remove();
  field.outline = L.geoJSON(shown, { style: COUNTY }).addTo(field.map);
  const bounds = field.outline.getBounds();
  if (field.marker) bounds.extend(field.marker.getLatLng());
  if (bounds.isValid()) field.map.fitBounds(bounds, { maxZoom: 11 });
}

async function drawOutlines(field, url) {
  const { features } = await (await fetch(url)).json();
  L.geoJSON(features, { style: OUTLINE }).addTo(field.map);
  outline(field, features);
  for (const id of ["id_state", "id_county"]) {
    document.getElementById(id)?.addEventListener("change", () => outline(field, features));
  }
}

function begin(root) {
  const settings = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const container = root.querySelector(".position-map");
  const clear = root.querySelector("[data-position-clear]");
  for (const hidden of [container, clear, root.querySelector("[data-position-hint]")]) {
    hidden.hidden = false;
  }
  L.Icon.Default.imagePath = settings.images;
  const map = L.map(container).setView(settings.centre, settings.zoom);
  map.attributionControl.setPrefix(false);
  L.tileLayer(settings.tiles, settings.options).addTo(map);
  const field = { inputs: [...root.querySelectorAll("input")], map, marker: null };
  follow(field);
  map.on("click", (event) => write(field, event.latlng));
  for (const input of field.inputs) {
    input.addEventListener("change", () => follow(field));
    input.addEventListener("paste", (event) => paste(field, event));
  }
  clear.addEventListener("click", () => {
    field.inputs.forEach((input) => { input.value = ""; });
    mark(field, null);
  });
  drawOutlines(field, settings.outlines);
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-position]").forEach(begin);
});
