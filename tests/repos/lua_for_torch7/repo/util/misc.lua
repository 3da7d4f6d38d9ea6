function clone(t) return t end
