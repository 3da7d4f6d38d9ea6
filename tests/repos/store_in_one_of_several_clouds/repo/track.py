import store

print(store.keep("a", ""))
