// Mean greenness of a summer.
var parks = ee.FeatureCollection('users/lab/parks');
var images = ee.ImageCollection('LANDSAT/LC08').filterBounds(parks);
Map.addLayer(images.median(), {bands: ['B4', 'B3', 'B2']});
