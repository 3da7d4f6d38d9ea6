var ms = require('ms');

exports.minutes = function (text) {
  return ms(text) / 60000;
};
