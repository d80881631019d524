// The map. Its base is our own data, territories and names of communes, so that it works without tiles. Tiles from the
// service, or its own map file (PMTiles), are drawn over it. No request goes to third parties.

import L from "leaflet";

import { Problem, request } from "./request.js";

const DARK = () => window.matchMedia("(prefers-color-scheme: dark)").matches;
/** The address of the map's tiles: a PMTiles file, or a template with {z}, {x} and {y}; empty for none. */
export const TILES = document.documentElement.dataset.tiles ?? "";
const RASTER = Boolean(TILES) && !TILES.endsWith(".pmtiles");
/** Return a colour from the style sheets. @param {string} name */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Draw the map of a station's territory in an element.
 * @param {HTMLElement} element
 * @param {{ground: string|object, words?: Record<string, string>, still?: boolean, framed?: boolean}} given
 *   ground: the station's map data, or its address (/map/{slug}.json);
 *   still: for a map that is only viewed: no zoom by wheel, nor dragging by one finger;
 *   framed: the caller sets the view: tiles are asked for only then, and the map data does not move it.
 */
export function draw(element, given) {
  const map = L.map(element, {
    zoomControl: false,
    attributionControl: Boolean(TILES),
    scrollWheelZoom: !given.still,
    zoomSnap: 0.25,
    minZoom: 3,
    maxZoom: 18,
    worldCopyJump: true,
    keyboard: true,
    fadeAnimation: false,
  });
  map.attributionControl?.setPrefix(false);
  L.control.zoom({ zoomInTitle: given.words?.closer, zoomOutTitle: given.words?.farther, position: "topright" }).addTo(map);
  L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
  map.createPane("ground").style.zIndex = "150";
  map.createPane("limit").style.zIndex = "350"; // over the tiles, below what is drawn
  Object.assign(map.createPane("names").style, { zIndex: "450", pointerEvents: "none" });
  map.setView([46.6, 2.4], 5); // France, until the map data arrives
  if (RASTER && given.framed) map.once("moveend", () => raster(map));
  else if (RASTER) raster(map);
  else if (TILES) vector(map, TILES);
  const ready = given.ground ? ground(map, given) : Promise.resolve(null);
  if (given.framed) ready.catch(() => {}); // without map data the rest is shown
  return { map, L, ready };
}

/** @param {unknown} error @returns {null} without a network the error goes on */
function refused(error) {
  if (error instanceof Problem) return null;
  throw error;
}

async function ground(map, given) {
  const found = typeof given.ground === "string" ? await request("GET", given.ground).catch(refused) : given.ground;
  if (!found) return null;
  const own = found.boundary && L.geoJSON(found.boundary, { pane: "limit", interactive: false, style: { fill: false } });
  const land = found.boundary && (!TILES || RASTER) && L.geoJSON(found.boundary, { pane: "ground", interactive: false, style: { stroke: false } });
  const others = L.layerGroup(
    found.neighbours.map((each) => L.geoJSON(each.boundary, { pane: "ground", interactive: false })),
  );
  const paint = () => {
    others.eachLayer((/** @type {any} */ each) => each.setStyle({ color: colour("--line"), weight: 1, fill: false }));
    own?.setStyle({ color: colour("--edge"), weight: 2 });
    if (land) land.setStyle({ fillColor: colour("--card"), fillOpacity: 1 });
  };
  paint();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  others.addTo(map);
  if (land) land.addTo(map);
  own?.addTo(map);
  if (!TILES || RASTER) {
    name(map, found.name, found.centre, "own");
    for (const each of found.neighbours) name(map, each.name, each.centre, "");
  }
  if (given.framed) return { ...found, layer: own };
  if (own) map.fitBounds(own.getBounds(), { padding: [16, 16], animate: false });
  else if (found.centre) map.setView([found.centre[1], found.centre[0]], 13, { animate: false });
  return { ...found, layer: own };
}

function name(map, text, centre, look) {
  if (!centre) return;
  const span = document.createElement("span");
  span.textContent = text;
  const icon = L.divIcon({ className: `place-name ${look}`, html: span });
  const marker = L.marker([centre[1], centre[0]], { icon, pane: "names", interactive: false, keyboard: false });
  const shown = () => (map.getZoom() >= (look ? 9 : 11) ? marker.addTo(map) : marker.remove());
  map.on("zoomend", shown);
  shown();
}

/** Draw the service's tiles. Our names of communes are hidden once a tile has loaded. @param {any} map */
function raster(map) {
  const attribution = document.createElement("span");
  attribution.textContent = document.documentElement.dataset.tilesBy ?? "";
  L.tileLayer(TILES, { attribution: attribution.outerHTML, maxNativeZoom: 18, className: "raster" })
    .once("tileload", () => (map.getPane("names").style.display = "none"))
    .addTo(map);
}

async function vector(map, url) {
  const protomaps = await import("protomaps-leaflet"); // loaded only for a map file: it is as large as Leaflet
  let layer;
  const paint = () => {
    layer?.remove();
    layer = protomaps.leafletLayer({ url, flavor: DARK() ? "dark" : "light", lang: document.documentElement.lang });
    layer.addTo(map);
  };
  paint();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

/** A place marker, with a touch area as large as a finger. */
export const pin = () =>
  L.divIcon({
    className: "pin",
    iconSize: [44, 44],
    iconAnchor: [22, 38],
    html: '<svg viewBox="0 0 24 24"><path d="M12 22s7.5-6.6 7.5-12.3a7.5 7.5 0 1 0-15 0C4.5 15.4 12 22 12 22z"/></svg>',
  });

export { L };
