Export.table.toDrive({collection: ee.FeatureCollection('users/lab/parks'), description: 'parks'});
