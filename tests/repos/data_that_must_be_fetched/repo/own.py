def load_dataset(name):
    return name


load_dataset("mine")
