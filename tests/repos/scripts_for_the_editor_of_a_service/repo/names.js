exports.names = ['north', 'south'];
