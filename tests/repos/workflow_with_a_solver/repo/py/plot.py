print("a plot beside the workflow")
