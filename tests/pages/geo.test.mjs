import assert from "node:assert/strict";
import { test } from "node:test";

import { cellOf, metresOutside } from "../../broadcaster/web/sources/parts/geo.js";

const metresBetween = (lon, lat, lon2, lat2) => metresOutside({ circles: [{ lon: lon2, lat: lat2, radius_m: 0 }], polygons: null }, lon, lat);

// Geodesics on WGS 84 by pyproj 3.7 (GeographicLib).
for (const [name, points, metres] of [
  ["in L'Aigle", [0.63, 48.76, 0.64, 48.77], 1333.083],
  ["over the antimeridian", [179.99, -16.5, -179.99, -16.49], 2405.061],
  ["along a meridian of La Réunion", [55.45, -20.88, 55.45, -20.83], 5535.757],
]) {
  test(`a distance ${name} is a geodesic's to a thousandth`, () => {
    assert.ok(Math.abs(metresBetween(...points) / metres - 1) < 0.001);
  });
}

const square = { type: "Polygon", coordinates: [[[0, 48], [1, 48], [1, 49], [0, 49], [0, 48]], [[0.4, 48.4], [0.6, 48.4], [0.6, 48.6], [0.4, 48.6], [0.4, 48.4]]] };

test("a point in a polygon is inside, and one in its hole is not", () => {
  const shape = { circles: [], polygons: square };
  assert.equal(metresOutside(shape, 0.2, 48.2), 0);
  assert.ok(metresOutside(shape, 0.5, 48.5) > 7000);
});

test("the nearest of several circles counts", () => {
  const circles = [
    { lon: 0, lat: 48, radius_m: 500 },
    { lon: 0.02, lat: 48, radius_m: 500 },
  ];
  const outside = metresOutside({ circles, polygons: null }, 0.012, 48);
  assert.ok(Math.abs(outside - (metresBetween(0.012, 48, 0.02, 48) - 500)) < 1e-6);
  assert.equal(metresOutside({ circles, polygons: null }, 0.021, 48), 0);
});

test("an alert without an area has no distance", () => assert.equal(metresOutside(null, 0, 48), null));

test("the service is asked for the corner of a coarse cell, and never for one beyond the map", () => {
  assert.deepEqual(cellOf(0.6321, 48.7634), { lon: "0.6", lat: "48.75" });
  assert.deepEqual(cellOf(-0.01, -0.01), { lon: "-0.1", lat: "-0.05" });
  assert.deepEqual(cellOf(180, 90), { lon: "179.9", lat: "89.95" });
});
