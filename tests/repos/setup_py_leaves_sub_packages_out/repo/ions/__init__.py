from ions.traps import depth
