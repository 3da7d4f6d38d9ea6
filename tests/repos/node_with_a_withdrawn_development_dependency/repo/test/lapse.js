var assert = require('assert');
var lapse = require('../lib/lapse');

describe('lapse', function () {
  it('counts minutes', function () {
    assert.strictEqual(lapse.minutes('2h'), 120);
  });
});
