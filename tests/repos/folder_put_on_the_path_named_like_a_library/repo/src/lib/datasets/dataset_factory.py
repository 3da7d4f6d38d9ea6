def get_dataset(name):
    return [name]
