import ujson

print(ujson.dumps({"folds": 3}))
