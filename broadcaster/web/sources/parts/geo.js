// Whether a point is in an area: the service's computation, done on the device. WGS 84 degrees as lon, lat.

import { request } from "./request.js";

const A = 6378137;
const E2 = 0.00669437999014;
const RADIANS = Math.PI / 180;
const NEAR_M = 5000;

/** Return the metres per degree of longitude and of latitude at a latitude, on the ellipsoid. @param {number} lat */
function scale(lat) {
  const sin2 = Math.sin(lat * RADIANS) ** 2;
  const parallel = A / Math.sqrt(1 - E2 * sin2);
  const meridian = (A * (1 - E2)) / (1 - E2 * sin2) ** 1.5;
  return [parallel * Math.cos(lat * RADIANS) * RADIANS, meridian * RADIANS];
}

/**
 * Return the difference of two longitudes the shorter way round, in degrees.
 * @param {number} from @param {number} to
 */
const turn = (from, to) => ((((to - from + 180) % 360) + 360) % 360) - 180;

/**
 * Return the shortest way from a point into an area, in metres east and north; [0, 0] inside, null without an area.
 * @param {{circles: {lon: number, lat: number, radius_m: number}[], polygons: any}|null} shape
 * @param {number} lon @param {number} lat
 */
export function wayInto(shape, lon, lat) {
  if (!shape) return null;
  let least = [Infinity, Infinity];
  const nearer = (way) => Math.hypot(...way) < Math.hypot(...least) && (least = way);
  for (const circle of shape.circles) {
    const [east, north] = scale((lat + circle.lat) / 2);
    const way = [turn(lon, circle.lon) * east, (circle.lat - lat) * north];
    const metres = Math.hypot(...way);
    const part = metres > circle.radius_m ? 1 - circle.radius_m / metres : 0;
    nearer(way.map((each) => each * part));
  }
  for (const rings of polygons(shape.polygons)) {
    if (inRings(rings, lon, lat)) return [0, 0];
    for (const ring of rings) nearer(wayToRing(ring, lon, lat));
  }
  return least;
}

/**
 * Return the metres from a point to an area: 0 inside; null without an area.
 * @param {any} shape @param {number} lon @param {number} lat
 */
export function metresOutside(shape, lon, lat) {
  const way = wayInto(shape, lon, lat);
  return way && Math.hypot(...way);
}

/** Format a distance: 350 m, 1.1 km. @param {number} metres */
export const distance = (metres) =>
  metres < 950 ? `${Math.round(metres / 10) * 10}\u202fm` : `${(metres / 1000).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })}\u202fkm`;

/**
 * Return the direction of a way as one of eight: 0 north, 1 north-east, …
 * @param {number[]} way metres east and north
 */
export const side = ([east, north]) => (Math.round(Math.atan2(east, north) / (Math.PI / 4)) + 8) % 8;

function polygons(geometry) {
  if (!geometry) return [];
  return geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
}

function inRings(rings, lon, lat) {
  let inside = false;
  for (const ring of rings) {
    for (let at = 0, before = ring.length - 1; at < ring.length; before = at++) {
      const [x1, y1] = ring[at];
      const [x2, y2] = ring[before];
      if (y1 > lat !== y2 > lat && lon < ((x2 - x1) * (lat - y1)) / (y2 - y1) + x1) inside = !inside;
    }
  }
  return inside;
}

function wayToRing(ring, lon, lat) {
  const [east, north] = scale(lat);
  const plane = ring.map(([x, y]) => [turn(lon, x) * east, (y - lat) * north]);
  let least = [Infinity, Infinity];
  for (let at = 1; at < plane.length; at++) {
    const [x1, y1] = plane[at - 1];
    const [dx, dy] = [plane[at][0] - x1, plane[at][1] - y1];
    const along = Math.min(1, Math.max(0, -(x1 * dx + y1 * dy) / (dx * dx + dy * dy || 1)));
    const way = [x1 + along * dx, y1 + along * dy];
    if (Math.hypot(...way) < Math.hypot(...least)) least = way;
  }
  return least;
}

/**
 * Return the corner of the coarse cell that contains a point; the service gets only this.
 * @param {number} lon @param {number} lat
 */
export function cellOf(lon, lat) {
  const corner = (value, step, digits, most) => Math.min(most, Math.floor(value / step + 1e-9) * step).toFixed(digits);
  return { lon: corner(lon, 0.1, 1, 179.9), lat: corner(lat, 0.05, 2, 89.95) };
}

/**
 * Return the alerts at a point, each with the distance to it (0: inside), and the nearest real alert elsewhere. The
 * service learns only the cell.
 * @param {number} lon @param {number} lat @param {number} accuracy error of the point in metres
 */
export async function alertsAround(lon, lat, accuracy = 0) {
  const cell = cellOf(lon, lat);
  const { alerts, near } = await request("GET", `/v1/cells?lon=${cell.lon}&lat=${cell.lat}`, undefined, { credentials: "omit" });
  const all = [...alerts, ...near].map((alert) => ({ ...alert, way: wayInto(alert.shape, lon, lat) ?? [Infinity, Infinity] }));
  for (const alert of all) alert.outside = Math.hypot(...alert.way);
  const isHere = (alert) => alert.outside <= Math.min(accuracy, 2000);
  const others = all.filter((alert) => alert.status === "actual" && alert.outside <= NEAR_M && !isHere(alert));
  return { here: all.filter(isHere), nearest: others.sort((one, other) => one.outside - other.outside)[0] };
}

/**
 * Ask for this device's position; only after a press. Rejects with "denied" or "failed".
 * @returns {Promise<{lon: number, lat: number, accuracy: number}>}
 */
export function locate() {
  return new Promise((resolve, reject) => {
    if (!navigator.geolocation) {
      reject(new Error("failed"));
      return;
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ lon: coords.longitude, lat: coords.latitude, accuracy: Math.round(coords.accuracy) }),
      (error) => reject(new Error(error.code === error.PERMISSION_DENIED ? "denied" : "failed")),
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 0 },
    );
  });
}
