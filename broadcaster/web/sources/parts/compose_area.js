// The map for drawing an area: circles to tap, drag, or move by keys; outlines drawn corner by corner.

import { fill, make, number } from "./dom.js";
import { colour, draw, L } from "./map.js";

const STEPS_M = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const METRES_A_DEGREE = 111_320;
const DENSE = [0, 0.1, 0.18, 0.27, 0.36, 0.46];
const DASHES = "12 9"; // an exercise has a dashed outline
const dark = () => window.matchMedia("(prefers-color-scheme: dark)").matches;

/** The slider's positions: steps of 10 m up to 1 km, of 50 m up to 2 km, of 100 m up to 5 km. */
export const radiusAt = (place) =>
  place <= 70 ? 300 + 10 * place : place <= 90 ? 1000 + 50 * (place - 70) : 2000 + 100 * (place - 90);
export const placeOf = (radius) =>
  Math.round(radius <= 1000 ? (radius - 300) / 10 : radius <= 2000 ? 70 + (radius - 1000) / 50 : 90 + (radius - 2000) / 100);

/** Return an area's style: the colour of its severity; dashed for an exercise. */
export function styleOf(status, severity) {
  const drill = status !== "actual";
  const plain = dark() ? colour("--drill") : "#6b5200";
  const [line, fillColor] = drill || !severity ? [plain, plain] : [colour(`--${severity}-edge`), colour(`--${severity}`)];
  return { color: line, weight: 3, fillColor, fillOpacity: dark() ? 0.28 : 0.2, dashArray: drill ? DASHES : undefined, interactive: false };
}

/** Draw an area in the API's form. @param {any} map @param {any} area @param {any} style */
export function drawArea(map, area, style) {
  const group = L.featureGroup();
  for (const each of area?.circles || []) L.circle([each.lat, each.lon], { ...style, radius: each.radius_m }).addTo(group);
  if (area?.polygons) L.geoJSON(area.polygons, { style, interactive: false }).addTo(group);
  return group.addTo(map);
}

/** In an update, draw the area of the version that it replaces. @param {any} given @param {any} map */
export function drawBefore(given, map) {
  const style = { color: "#5b6068", weight: 2, dashArray: DASHES, fill: false, interactive: false };
  return given.editing?.area ? drawArea(map, given.editing.area, style) : null;
}

export class AreaMap {
  /** @param {HTMLElement} element @param {any} given @param {{changed: () => void, over: () => any}} owner */
  constructor(element, given, owner) {
    this.given = given;
    this.owner = owner;
    this.words = given.words;
    const { map, ready } = draw(element, { ground: `/map/${given.station}.json`, words: given.words });
    this.map = map;
    this.element = element;
    this.shapes = L.layerGroup().addTo(map);
    /** @type {any} */
    this.draft = null;
    this.selected = 0;
    /** @type {any} */
    this.corners = null;
    this.adding = false;
    map.doubleClickZoom.disable(); // two quick taps make two corners, not a zoom
    map.createPane("dense").style.zIndex = "300";
    map.on("click", (event) => this.tap(event.latlng));
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== element) return;
      event.preventDefault();
      this.tap(this.middle());
    });
    // The station's territory comes with the page, and so before the map data.
    drawBefore(given, map);
    this.outline = given.boundary && L.geoJSON(given.boundary, { interactive: false, style: { color: "#7c7f86", weight: 2, fillOpacity: 0 } }).addTo(map);
    this.ready = ready.then((ground) => {
      if (!ground) return null;
      this.outline?.remove();
      this.home();
      return ground;
    });
  }

  /** Show a draft's area. @param {any} draft */
  show(draft) {
    this.draft = draft;
    this.corners = null;
    this.adding = false;
    this.selected = Math.max(0, draft.circles.length - 1);
    this.build();
  }

  /** Set how much of the map is covered, in pixels, so that important parts stay visible. */
  room() {
    const over = this.owner.over();
    return { paddingTopLeft: L.point(24, over.top + 16), paddingBottomRight: L.point(24, over.bottom + 16) };
  }

  /** The centre of the visible part of the map. */
  middle() {
    const size = this.map.getSize();
    const over = this.owner.over();
    return this.map.containerPointToLatLng([size.x / 2, (over.top + size.y - over.bottom) / 2]);
  }

  /** Fit the view to everything drawn, or to the territory. */
  home() {
    this.map.invalidateSize({ animate: false });
    const bounds = this.bounds();
    if (bounds) this.map.fitBounds(bounds, { ...this.room(), animate: false, maxZoom: 16 });
  }

  bounds() {
    const drawn = this.draft && !this.draft.territory && L.featureGroup(this.shapes.getLayers().filter((each) => "getBounds" in each)).getBounds();
    if (drawn && drawn.isValid()) return drawn;
    if (this.outline) return this.outline.getBounds();
    return this.given.centre ? L.latLng(this.given.centre[1], this.given.centre[0]).toBounds(6000) : null;
  }

  /** Handle a tap: place the circle, or add a corner of the outline. @param {any} at */
  tap(at, label = "") {
    const draft = this.draft;
    if (!draft) return;
    if (this.corners) {
      this.corners.push([round(at.lng), round(at.lat)]);
      this.build();
      this.owner.changed();
      return;
    }
    const point = { lon: round(at.lng), lat: round(at.lat), label };
    draft.territory = false;
    const first = !draft.circles.length;
    if ((first && !draft.polygons.length) || this.adding || (first && label)) {
      if (draft.circles.length >= this.given.circles) return;
      draft.circles.push({ ...point, radius_m: draft.radius });
      this.selected = draft.circles.length - 1;
      this.adding = false;
    } else if (!first) {
      draft.circles[this.selected] = { ...draft.circles[this.selected], ...point };
    } else return;
    this.build();
    this.owner.changed();
    this.see();
  }

  /** Scroll the changed shape into view, if needed. */
  see() {
    const bounds = this.bounds();
    if (!bounds || this.draft.territory) return;
    const { paddingTopLeft, paddingBottomRight } = this.room();
    const size = this.map.getSize();
    const northWest = this.map.latLngToContainerPoint(bounds.getNorthWest());
    const southEast = this.map.latLngToContainerPoint(bounds.getSouthEast());
    const inside =
      northWest.x >= 0 && northWest.y >= paddingTopLeft.y - 16 && southEast.x <= size.x && southEast.y <= size.y - paddingBottomRight.y + 16;
    const small = southEast.x - northWest.x < 90;
    if (!inside || small) this.map.fitBounds(bounds, { ...this.room(), animate: false, maxZoom: 16 });
  }

  /** @param {number} radius */
  setRadius(radius) {
    const circle = this.draft.circles[this.selected];
    if (!circle) return;
    circle.radius_m = this.draft.radius = clamp(radius, this.given.radius);
    this.moved();
    this.see();
  }

  select(at) {
    this.selected = at;
    this.build();
    this.owner.changed();
  }

  remove(kind, at) {
    this.draft[kind].splice(at, 1);
    this.selected = Math.max(0, this.draft.circles.length - 1);
    this.build();
    this.owner.changed();
  }

  addCircle() {
    this.corners = null;
    this.adding = this.draft.circles.length > 0 || this.draft.polygons.length > 0;
    this.tap(this.middle());
  }

  setTerritory(on) {
    this.draft.territory = on;
    this.corners = null;
    this.build();
    if (on) this.home();
    this.owner.changed();
  }

  beginOutline() {
    this.corners = [];
    this.draft.territory = false;
    this.build();
    this.owner.changed();
  }

  endOutline(keep) {
    if (keep && this.corners.length >= 3) this.draft.polygons.push([[...this.corners, this.corners[0]]]);
    this.corners = null;
    this.build();
    this.owner.changed();
  }

  takeCorner() {
    this.corners.pop();
    this.build();
    this.owner.changed();
  }

  /** Paint the density of people by cells from the server, which reveal no single home. @param {any[]} cells */
  dense(cells) {
    const renderer = L.canvas({ pane: "dense" });
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--act").trim();
    for (const [west, south, east, north, level] of cells) {
      L.rectangle([[south, west], [north, east]], {
        renderer, stroke: false, fillColor: colour, fillOpacity: DENSE[level], interactive: false,
      }).addTo(this.map);
    }
  }

  build() {
    const draft = this.draft;
    this.shapes.clearLayers();
    this.layers = null;
    const style = styleOf(draft.status, draft.severity || "severe");
    if (draft.territory) {
      if (this.given.boundary) L.geoJSON(this.given.boundary, { style, interactive: false }).addTo(this.shapes);
      return;
    }
    const drawn = /** @type {any} */ ({ type: "MultiPolygon", coordinates: draft.polygons });
    if (draft.polygons.length) L.geoJSON(drawn, { style, interactive: false }).addTo(this.shapes);
    if (this.corners) this.buildCorners(style);
    draft.circles.forEach((circle, at) => {
      const own = at === this.selected;
      const layer = L.circle([circle.lat, circle.lon], { ...style, radius: circle.radius_m, weight: own ? 3 : 2 }).addTo(this.shapes);
      if (own && !this.corners) this.layers = { circle: layer, ...this.handles(circle) };
    });
  }

  buildCorners(style) {
    const points = this.corners.map(([lon, lat]) => L.latLng(lat, lon));
    L.polyline([...points, ...points.slice(0, points.length > 2 ? 1 : 0)], { ...style, dashArray: "6 6" }).addTo(this.shapes);
    for (const each of points) L.circleMarker(each, { ...style, radius: 6, fillOpacity: 1 }).addTo(this.shapes);
  }

  handles(circle) {
    const icon = (name) => L.divIcon({ className: `handle ${name}`, iconSize: [44, 44], html: make("span") });
    const centre = L.marker([circle.lat, circle.lon], { icon: icon("centre"), draggable: true, alt: this.words.centre, title: "" });
    const edge = L.marker(this.edgeOf(circle), { icon: icon("edge"), draggable: true, alt: this.words.edge, title: "" });
    centre.on("drag", () => this.moveTo(centre.getLatLng()));
    edge.on("drag", () => {
      const radius = this.map.distance([this.here().lat, this.here().lon], edge.getLatLng());
      this.here().radius_m = this.draft.radius = clamp(snapped(radius), this.given.radius);
      this.moved({ keepEdge: true });
    });
    for (const each of [centre, edge]) each.on("dragend", () => (this.moved(), this.see()));
    centre.addTo(this.shapes);
    edge.addTo(this.shapes);
    this.keys(centre, (event, [east, north]) => {
      const step = event.shiftKey ? 250 : event.altKey ? 10 : 50;
      const circleNow = this.here();
      const lat = circleNow.lat + (north * step) / METRES_A_DEGREE;
      const lon = circleNow.lon + (east * step) / (METRES_A_DEGREE * Math.cos((lat * Math.PI) / 180));
      this.moveTo({ lat, lng: lon });
      this.see();
    });
    this.keys(edge, (event, [east, north]) => {
      this.setRadius(this.here().radius_m + (east + north) * (event.shiftKey ? 100 : 10));
    });
    return { centre, edge };
  }

  keys(marker, moved) {
    const element = marker.getElement();
    element.setAttribute("aria-label", marker.options.alt);
    element.addEventListener("keydown", (event) => {
      const way = STEPS_M[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      moved(event, way);
    });
  }

  here() {
    return this.draft.circles[this.selected];
  }

  moveTo(at) {
    Object.assign(this.here(), { lon: round(at.lng), lat: round(at.lat), label: "" });
    this.moved();
  }

  moved({ keepEdge = false } = {}) {
    const circle = this.here();
    if (this.layers) {
      this.layers.circle.setLatLng([circle.lat, circle.lon]).setRadius(circle.radius_m);
      this.layers.centre.setLatLng([circle.lat, circle.lon]);
      if (!keepEdge) this.layers.edge.setLatLng(this.edgeOf(circle));
    }
    this.owner.changed();
  }

  edgeOf(circle) {
    const east = circle.radius_m / (METRES_A_DEGREE * Math.cos((circle.lat * Math.PI) / 180));
    return L.latLng(circle.lat, circle.lon + east);
  }
}

const round = (degrees) => Math.round(degrees * 1e5) / 1e5;
const clamp = (radius, [least, most]) => Math.min(most, Math.max(least, Math.round(radius)));
const snapped = (radius) => radiusAt(Math.min(120, Math.max(0, placeOf(radius))));

/** Describe where an area is, in words. @param {any} given @param {any} draft */
export function whereWords(given, draft) {
  const words = given.words;
  if (draft.territory) return words.in_territory;
  const drawn = draft.circles.length + draft.polygons.length;
  if (!drawn && draft.audience === "groups") {
    const named = given.groups.filter((each) => draft.groups.includes(each.slug)).map((each) => each.name);
    return fill(words.in_groups, { groups: named.join(", ") });
  }
  if (!drawn) return words.anywhere;
  if (drawn > 1) return fill(draft.polygons.length ? words.in_shapes : words.in_circles, { n: number(drawn) });
  if (draft.polygons.length) return words.in_outline;
  const circle = draft.circles[0];
  return around(given, circle);
}

function around(given, circle) {
  const words = given.words;
  const radius = `${number(circle.radius_m)}\u202fm`;
  if (circle.label === "@here") return fill(words.around_you, { radius });
  if (circle.label) return fill(words.around_place, { radius, place: circle.label });
  if (!given.centre) return fill(words.around_point, { radius });
  const east = (circle.lon - given.centre[0]) * METRES_A_DEGREE * Math.cos((circle.lat * Math.PI) / 180);
  const north = (circle.lat - given.centre[1]) * METRES_A_DEGREE;
  const far = Math.hypot(east, north);
  if (far < 120) return fill(words.around_centre, { radius });
  if (far > 30_000) return fill(words.around_point, { radius });
  const side = words.sides.split("|")[Math.round(((Math.atan2(east, north) * 180) / Math.PI + 360) / 45) % 8];
  const shown = far < 950 ? `${number(Math.round(far / 50) * 50)}\u202fm` : `${number(Math.round(far / 100) / 10)}\u202fkm`;
  return fill(words.around_far, { radius, far: shown, side });
}
