print("set up")
