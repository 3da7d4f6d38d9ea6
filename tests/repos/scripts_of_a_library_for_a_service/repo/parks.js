const ee = require('@google/earthengine');
module.exports = (name) => ee.FeatureCollection(`users/lab/${name}`);
