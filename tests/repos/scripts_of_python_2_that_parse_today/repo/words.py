print("scripts that parse today".split())
